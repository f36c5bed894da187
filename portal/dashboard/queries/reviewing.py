"""How reviewing goes: how long answers wait, why they are declined, who decides how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import median

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Attempt
from portal.challenges.queries.undoing import IS_FIRST_ANSWER, NOT_UNDONE
from portal.challenges.rules.states import Outcome
from portal.challenges.rules.verdicts import CATEGORY_NAMES, Category
from portal.dashboard.waiting.contract import WaitingSource, Wanted
from portal.people.models import Person
from portal.review.models import ReviewCase

WINDOW = timedelta(days=30)
SAMPLE = 1_000
MOST_REVIEWERS = 12
DECIDES = (Outcome.APPROVED, Outcome.MORE_WANTED, Outcome.DECLINED)


@dataclass(frozen=True)
class Times:
    """The median and the 90th percentile of the time from an answer to its verdict, over ``number`` verdicts."""

    median: timedelta
    ninetieth: timedelta
    number: int


@dataclass(frozen=True)
class Load:
    """What one reviewer decided lately, and what waits that is theirs."""

    id: int
    name: str
    decided: int
    waiting: int


def review_times(session: Session, now: datetime) -> Times | None:
    """Return how long answers of the last 30 days waited for their verdict; None while nothing was decided.

    Counted in Python, alike on both engines, over at most the 1,000 newest verdicts, so that the
    cost does not grow. What an import decided at other dates does not count, nor what a rule decided, what was undone within the
    minute, or what was decided once more: an appeal that is granted answers the appeal.
    """
    within = (Verdict.decided_at >= now - WINDOW, Verdict.decided_at == Verdict.recorded_at, Verdict.outcome.in_(DECIDES), IS_FIRST_ANSWER)
    found = select(Verdict.decided_at, Attempt.submitted_at).join(Attempt, Attempt.id == Verdict.attempt_id).where(*within)
    rows = session.execute(found.order_by(Verdict.decided_at.desc()).limit(SAMPLE))
    waits = sorted((row.decided_at - row.submitted_at).total_seconds() for row in rows)
    if not waits:
        return None
    return Times(timedelta(seconds=median(waits)), timedelta(seconds=percentile(waits, 90)), len(waits))


def percentile(ordered: Sequence[float], share: int) -> float:
    """Return the smallest value that ``share`` percent of the values, in order, do not exceed (nearest rank)."""
    return ordered[max(ceil(len(ordered) * share / 100), 1) - 1]


def declines_by_reason(session: Session, now: datetime) -> list[tuple[str, int]]:
    """Return (name of the reason, how many) of the declines of the last 30 days that were not undone, most first."""
    declined = (Verdict.decided_at >= now - WINDOW, Verdict.outcome == Outcome.DECLINED, NOT_UNDONE)
    counted = session.execute(select(Verdict.category, func.count().label("number")).where(*declined).group_by(Verdict.category))
    found = [(CATEGORY_NAMES[Category(row.category or Category.OTHER)], row.number) for row in counted]
    totals = {name: sum(number for other, number in found if other == name) for name, _ in found}
    return sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))


def decided_lately(session: Session, now: datetime) -> dict[int, int]:
    """Return how many verdicts that stand each reviewer gave in the last 30 days, by the id of the person; none that was undone."""
    by_somebody = (Verdict.decided_by_id.is_not(None), Verdict.outcome.in_((*DECIDES, Outcome.UPHELD)))
    decided = select(Verdict.decided_by_id, func.count().label("number")).where(Verdict.decided_at >= now - WINDOW, *by_somebody, NOT_UNDONE)
    counted = session.execute(decided.group_by(Verdict.decided_by_id))
    return {row.decided_by_id: row.number for row in counted}


def reviewer_loads(session: Session, sources: Sequence[WaitingSource], counts: Mapping[int, int]) -> list[Load]:
    """Return who decided lately, by ``counts``, or has something that waits, the busiest first; at most twelve, in one statement."""
    parts = []
    for source in sources:
        found = source.waiting(Wanted())
        item_id = found.selected_columns["id"]
        owned = (ReviewCase.kind == source.kind, ReviewCase.item_id == item_id, ReviewCase.owner_id.is_not(None))
        parts.append(found.with_only_columns(ReviewCase.owner_id, maintain_column_froms=True).join(ReviewCase, owned[0] & owned[1]).where(owned[2]))
    rows = union_all(*parts).subquery()
    owned_by = select(rows.c.owner_id.label("id"), func.count().label("number")).group_by(rows.c.owner_id).subquery()
    people = select(Person.id, Person.name, func.coalesce(owned_by.c.number, 0).label("waiting")).outerjoin(owned_by, owned_by.c.id == Person.id)
    busy = people.where(owned_by.c.number.is_not(None) | Person.id.in_(counts))
    loads = [Load(row.id, row.name, counts.get(row.id, 0), row.waiting) for row in session.execute(busy)]
    return sorted(loads, key=lambda load: (-load.decided, -load.waiting, load.name))[:MOST_REVIEWERS]
