"""What sales hands over about a customer, once: who may write it, and how it is kept. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.accounts.rules.refusals import CompetitorTooLong, StakeholderNameless, TooManyCompetitors, TooManyStakeholders
from portal.kernel.actor import Actor
from portal.kernel.text import clean, clean_line, fold
from portal.people.rules.company import looks_after

TEXT_LENGTH, NAME_LENGTH, CARES_LENGTH, COMPETITOR_LENGTH = 8_000, 120, 1_000, 160
MOST_STAKEHOLDERS, MOST_COMPETITORS = 20, 100


@dataclass(frozen=True)
class Someone:
    """A stakeholder as entered: who, in which role, what they care about."""

    name: str
    role: str = ""
    cares_about: str = ""


@dataclass(frozen=True)
class HandOver:
    """What is known of a company. ``competitors`` are companies with whom its people are never put in touch."""

    renewal_on: date | None = None
    goals: str = ""
    notes: str = ""
    competitors: tuple[str, ...] = ()
    stakeholders: tuple[Someone, ...] = ()


def may_hand_over(actor: Actor, owner_id: int | None) -> bool:
    """Tell whether ``actor`` writes what is known of a company: admins, and the employee who looks after it."""
    return looks_after(actor, owner_id)


def tidied(given: HandOver) -> HandOver:
    """Return the hand-over as it is kept: clean text, each competitor once, nobody without anything entered.

    Refuses a stakeholder without a name, too many of them, a competitor's name that is too long, and too many of those.
    """
    return HandOver(
        renewal_on=given.renewal_on,
        goals=clean(given.goals)[:TEXT_LENGTH],
        notes=clean(given.notes)[:TEXT_LENGTH],
        competitors=_competitors(given.competitors),
        stakeholders=_stakeholders(given.stakeholders),
    )


def _competitors(given: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for line in map(clean_line, given):
        if len(line) > COMPETITOR_LENGTH:
            raise CompetitorTooLong(name=line[:40], most=COMPETITOR_LENGTH)
        if line:
            found.setdefault(fold(line), line)
    if len(found) > MOST_COMPETITORS:
        raise TooManyCompetitors(most=MOST_COMPETITORS)
    return tuple(found.values())


def _stakeholders(given: Sequence[Someone]) -> tuple[Someone, ...]:
    plain = (
        Someone(clean_line(one.name)[:NAME_LENGTH], clean_line(one.role)[:NAME_LENGTH], clean(one.cares_about)[:CARES_LENGTH].strip())
        for one in given
    )
    kept = tuple(one for one in plain if one != Someone(""))
    if any(not one.name for one in kept):
        raise StakeholderNameless()
    if len(kept) > MOST_STAKEHOLDERS:
        raise TooManyStakeholders(most=MOST_STAKEHOLDERS)
    return kept
