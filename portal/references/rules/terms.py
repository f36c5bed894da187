"""What admins set about nominations: the clock, credit, and rules that approve by themselves."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.kernel.errors import Refusal
from portal.kernel.text import N_

MOST_DAYS, MOST_CREDIT, MOST_RULES = 365, 10_000, 50
MOST_BY_RULE = 10
"""So many nominations of one sender rules approve in a day of the programme's calendar; the others of that day wait for people."""
GRADES, GOOD_GRADE = range(1, 6), 4
"""How something went, from 1 (very badly) to 5 (very well); from 4 on it went well."""


@dataclass(frozen=True)
class Terms:
    """Days of the programme's calendar, and credit in the unit ``staff``.

    A nomination that waits longer than ``late_days`` is told to the admins. A customer is reminded after ``remind_days``, their silence
    counts after ``silent_days``, and who says "not now" is asked again after ``later_days``. ``approved`` is credited when
    a nomination is approved, ``agreed`` when the customer says yes, ``completed`` for each reference activity that they complete, and
    ``well_done`` besides where it went well (``GOOD_GRADE``).
    """

    late_days: int = 7
    remind_days: int = 7
    silent_days: int = 21
    later_days: int = 90
    approved: int = 10
    agreed: int = 30
    completed: int = 50
    well_done: int = 20


class DaysOutOfOrder(Refusal):
    """The reminder would come when silence has counted already."""

    message = N_("The reminder comes before silence counts as an answer.")
    field = "silent_days"


class RuleBlank(Refusal):
    """A rule that would approve everything, or whatever its sender wants: who nominates proposes the tier."""

    message = N_("Choose a number of people who said yes, or that the company is known. The tier is proposed by who nominates, so it only narrows.")
    field = "name"


class TooManyRules(Refusal):
    """More rules than anybody can keep in mind."""

    message = N_("There are %(most)s rules already.")


@dataclass(frozen=True)
class Rule:
    """Approves what meets all its conditions. ``least_agreed``: so many of the nominator's earlier nominees said yes.

    ``made_by`` last set it: the rule never speaks for that person's own nominations.
    """

    id: int
    name: str
    least_agreed: int = 0
    needs_company: bool = False
    tiers: tuple[int, ...] = ()
    made_by: int | None = None


@dataclass(frozen=True)
class Facts:
    """What rules look at. ``is_doubtful``: somebody of the same name is nominated, or this address was turned down before. ``by_rule`` counts
    what rules approved of the same sender today.
    """

    nominators: frozenset[int]
    agreed: int
    is_company_known: bool
    tier: int | None
    is_doubtful: bool
    by_rule: int = 0


def require_terms(terms: Terms) -> Terms:
    """Return the terms; refuses a reminder after the end (``DaysOutOfOrder``)."""
    if terms.remind_days >= terms.silent_days:
        raise DaysOutOfOrder()
    return terms


def require_rule(least_agreed: int, needs_company: bool) -> None:
    """Refuse a rule without a condition that its sender has no hand in (``RuleBlank``)."""
    if not (least_agreed or needs_company):
        raise RuleBlank()


def approving(rules: Iterable[Rule], facts: Facts) -> Rule | None:
    """Return the first rule that approves, or None. What is doubtful is for people to decide, and what is too much for one day."""
    if facts.is_doubtful or facts.by_rule >= MOST_BY_RULE:
        return None
    return next((rule for rule in rules if _meets(rule, facts)), None)


def _meets(rule: Rule, facts: Facts) -> bool:
    if rule.made_by in facts.nominators:
        return False
    if facts.agreed < rule.least_agreed or (rule.needs_company and not facts.is_company_known):
        return False
    return not rule.tiers or facts.tier in rule.tiers


def credit_key(nomination_id: int, what: str, nth: str = "") -> str:
    """Return the key of a credit: one for each nomination and step; ``nth`` names a decision that may be undone and given anew."""
    return f"nomination:{nomination_id}:{what}" + (f":{nth}" if nth else "")


def completion_key(source: str, what: str) -> str:
    """Return the key of a credit for something that a nominee completed: one for each ``source`` and sum."""
    return f"nomination:{what}:{source}"


def went_well(grade: int | None) -> bool:
    """Tell whether a grade is one of those that are credited besides; one that is not known yet is none."""
    return grade is not None and grade >= GOOD_GRADE
