"""What somebody may accept: their own rule and their company's, and which of two is the stricter."""

from dataclasses import dataclass
from enum import StrEnum

from portal.kernel.errors import Refusal
from portal.kernel.money import Money
from portal.kernel.text import N_
from portal.receiving.rules.refusals import AmountInvalid, CapMissing, CharityOnly, ChoiceMissing, ItemAboveCap, MayNotAccept, WhyNeeded, YearAboveCap

MOST_CENTS = 10_000_000


class Stance(StrEnum):
    """Whether rewards may be accepted, from nothing known to nothing at all: later ones are stricter."""

    UNKNOWN = "unknown"
    MAY = "may"
    CHARITY = "charity"
    NOTHING = "nothing"


STANCE_NAMES = {
    Stance.UNKNOWN: N_("Not known"),
    Stance.MAY: N_("May receive"),
    Stance.CHARITY: N_("Good causes only"),
    Stance.NOTHING: N_("May not accept rewards"),
}
_ORDER = list(Stance)


class Choice(StrEnum):
    """What is chosen on a form. Up to a value is "may" with a cap."""

    MAY = "may"
    CAPPED = "capped"
    CHARITY = "charity"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Rule:
    """What may be accepted; caps in cents, for one thing and for a calendar year, None without one."""

    stance: Stance = Stance.UNKNOWN
    item_cents: int | None = None
    year_cents: int | None = None

    @property
    def choice(self) -> Choice:
        """Return which answer of the form it is."""
        is_capped = self.stance is Stance.MAY and (self.item_cents is not None or self.year_cents is not None)
        return Choice.CAPPED if is_capped else Choice(self.stance.value)


def stricter(*rules: Rule) -> Rule:
    """Return what holds where all of ``rules`` do: the strictest stance, the lowest caps. What is not known forbids nothing."""
    stance = max((rule.stance for rule in rules), key=_ORDER.index, default=Stance.UNKNOWN)
    return Rule(stance, _lowest(rule.item_cents for rule in rules), _lowest(rule.year_cents for rule in rules))


def objection(rule: Rule, *, cents: int, is_charity: bool, before: int, year: int) -> Refusal | None:
    """Return why somebody under ``rule`` cannot have something worth ``cents``, or None.

    ``before`` is what they had in that calendar year. Gifts to a good cause count towards the caps as well.
    Refusals: MayNotAccept, CharityOnly, ItemAboveCap, YearAboveCap.
    """
    if rule.stance is Stance.NOTHING:
        return MayNotAccept()
    if rule.stance is Stance.CHARITY and not is_charity:
        return CharityOnly()
    if rule.item_cents is not None and cents > rule.item_cents:
        return ItemAboveCap(value=Money(cents), cap=Money(rule.item_cents))
    if rule.year_cents is not None and before + cents > rule.year_cents:
        return YearAboveCap(value=Money(before + cents), year=str(year), cap=Money(rule.year_cents))
    return None


def rule_from(choice: Choice | str | None, item_cents: int | None, year_cents: int | None) -> Rule:
    """Return the rule that was chosen; caps count only beside "up to a value". Refuses: ChoiceMissing, CapMissing, AmountInvalid."""
    if choice not in list(Choice):
        raise ChoiceMissing()
    if choice != Choice.CAPPED:
        return Rule(Stance(str(choice)))
    if item_cents is None and year_cents is None:
        raise CapMissing()
    for field, cents in (("item", item_cents), ("year", year_cents)):
        if cents is not None and not 100 <= cents <= MOST_CENTS:
            refusal = AmountInvalid(most=MOST_CENTS // 100)
            refusal.field = field
            raise refusal
    return Rule(Stance.MAY, item_cents, year_cents)


def require_why(reason: str) -> str:
    """Return the reason. Refuses: WhyNeeded."""
    if not reason.strip():
        raise WhyNeeded()
    return reason.strip()


def _lowest(caps: object) -> int | None:
    return min((cap for cap in caps if cap is not None), default=None)  # type: ignore[attr-defined]
