"""What somebody, or a company, said about being asked, and everything that stands against one more ask. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from portal.acts.rules.asks import OF_REFERENCES
from portal.acts.rules.budget import NOTHING_TAKEN, Cap, Taken
from portal.acts.rules.refusals import (
    CannotBeAsked,
    CompanyCapReached,
    CompanyTakesNone,
    KindNotWanted,
    LegalHold,
    MonthOff,
    NoReferenceAnyMore,
    NoReferenceYet,
    OpenEscalation,
    Paused,
    PersonCapReached,
    PersonTakesNone,
    Resting,
    Stop,
)
from portal.kernel.clock import local_date
from portal.kernel.text import N_


class BlockKind(StrEnum):
    """What nobody can override."""

    LEGAL = "legal"
    ESCALATION = "escalation"


BLOCK_NAMES = {BlockKind.LEGAL: N_("Legal hold"), BlockKind.ESCALATION: N_("Open escalation")}
_BLOCKED: dict[BlockKind, type[Stop]] = {BlockKind.LEGAL: LegalHold, BlockKind.ESCALATION: OpenEscalation}


@dataclass(frozen=True)
class Terms:
    """What was said: own numbers (None: the programme's), kinds never wanted, months of the year off (1 to 12), and the first day after a pause."""

    most: int | None = None
    days: int | None = None
    unwanted: tuple[str, ...] = ()
    months_off: tuple[int, ...] = ()
    paused_until: date | None = None

    def cap(self, default: Cap) -> Cap:
        """Return the cap that holds."""
        return Cap(default.most if self.most is None else self.most, default.days if self.days is None else self.days)


@dataclass(frozen=True)
class Side:
    """One of the two whose budget an ask draws on: the person, or their company with all its people."""

    name: str
    terms: Terms
    cap: Cap
    taken: Taken = NOTHING_TAKEN
    blocks: tuple[BlockKind, ...] = ()


@dataclass(frozen=True)
class NoReference:
    """Somebody is not to be asked as a reference: before ``until``, or for good (None)."""

    until: date | None = None


@dataclass(frozen=True)
class Standing:
    """All that decides whether somebody can be asked now; ``company`` is None for who belongs to none."""

    person: Side
    company: Side | None
    now: datetime
    zone: str
    can_be_asked: bool = True
    no_reference: NoReference | None = None

    def against(self, kind: str) -> list[Stop]:
        """Return everything that stands against an ask of ``kind``, what nothing overrides first, and never the same thing twice."""
        today = local_date(self.now, self.zone)
        sides = [self.person, *([self.company] if self.company else [])]
        found: list[Stop] = [] if self.can_be_asked else [CannotBeAsked(name=self.person.name)]
        found += [_BLOCKED[block](name=side.name) for side in sides for block in side.blocks]
        if kind in OF_REFERENCES and (no := self.no_reference) is not None:
            yet = NoReferenceYet(name=self.person.name, day=no.until) if no.until else None
            found.append(yet or NoReferenceAnyMore(name=self.person.name))
        if kind in self.person.terms.unwanted:
            found.append(KindNotWanted(name=self.person.name))
        for side in sides:
            if side.terms.paused_until and today < side.terms.paused_until:
                found.append(Paused(name=side.name, day=side.terms.paused_until))
            if today.month in side.terms.months_off:
                found.append(MonthOff(name=side.name, day=next_month_on(today, side.terms.months_off)))
        rest = self.person.taken.rests_until
        if rest is not None and self.now < rest:
            found.append(Resting(name=self.person.name, day=local_date(rest, self.zone)))
        return found + self._over()

    def _over(self) -> list[Stop]:
        """Return the caps that are reached."""
        found: list[Stop] = []
        one, firm = self.person, self.company
        if one.taken.used >= one.cap.most:
            free = one.taken.free_at(one.cap, self.now)
            facts = {"name": one.name, "used": one.taken.used, "most": one.cap.most, "days": one.cap.days}
            found.append(PersonCapReached(**facts, day=local_date(free, self.zone)) if free else PersonTakesNone(name=one.name))
        if firm and firm.taken.used >= firm.cap.most:
            free = firm.taken.free_at(firm.cap, self.now)
            facts = {"company": firm.name, "used": firm.taken.used, "most": firm.cap.most, "days": firm.cap.days}
            found.append(CompanyCapReached(**facts, day=local_date(free, self.zone)) if free else CompanyTakesNone(company=firm.name))
        return found


def next_month_on(today: date, months_off: Sequence[int]) -> date | None:
    """Return the first day of the next month that is not off; None where all twelve are."""
    for ahead in range(1, 13):
        month = (today.month - 1 + ahead) % 12 + 1
        if month not in months_off:
            return date(today.year + (today.month - 1 + ahead) // 12, month, 1)
    return None
