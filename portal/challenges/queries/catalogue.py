"""What advocates can do: the list by track, its counts, and how long answers usually take."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.models import Answer, Attempt, Challenge, Stage, Verdict
from portal.challenges.queries.standing import offered, standing_of, tallies
from portal.challenges.rules.standing import Standing
from portal.challenges.rules.states import Outcome
from portal.kernel.text import fold, like_pattern
from portal.kernel.tracks import Track
from portal.web.paging import AnySelect, Page, page_by

UNKNOWN_MINUTES = 10_000
REVIEW_WINDOW, REVIEW_SAMPLE = timedelta(days=30), 500
PAGE_SIZE = 24


@dataclass(frozen=True)
class Wanted:
    """What an advocate filters by. ``standing`` empty is all."""

    q: str = ""
    track: str = ""
    standing: str = ""
    minutes: int | None = None
    points: int | None = None
    sort: str = "points"


@dataclass(frozen=True)
class TrackCount:
    """How many challenges of a track are open to the person, under way, waiting and done."""

    open: int = 0
    under_way: int = 0
    waiting: int = 0
    done: int = 0


def list_challenges(session: Session, person_id: int, wanted: Wanted, now: datetime, *, after: str | None) -> Page:
    """Return one page of rows: ``Challenge``, ``standing``, ``waiting``, ``returned``, ``steps``.

    And how many of the steps are ``entered`` in a submission under way.
    """
    mine = tallies(session, person_id, now)
    stood = standing_of(mine)
    steps = select(func.count()).where(Stage.challenge_id == Challenge.id, Stage.removed_at.is_(None)).scalar_subquery()
    entered = (
        select(func.count(Answer.id))
        .join(Stage, Stage.id == Answer.stage_id)
        .where(Answer.submission_id == mine.c.active_id, Stage.removed_at.is_(None))
        .scalar_subquery()
    )
    counts = (func.coalesce(mine.c[name], 0).label(name) for name in ("waiting", "returned"))
    columns = (stood.label("standing"), *counts, steps.label("steps"), entered.label("entered"))
    statement = _filtered(select(Challenge, *columns).outerjoin(mine, mine.c.challenge_id == Challenge.id), wanted)
    statement = statement.where(offered(session, now))
    if wanted.standing:
        statement = statement.where(stood == wanted.standing)
    return page_by(session, statement, _order(wanted.sort), after=after, size=PAGE_SIZE)


def count_by_track(session: Session, person_id: int, now: datetime) -> dict[str, TrackCount]:
    """Return the counts of every track, over all challenges offered today."""
    mine = tallies(session, person_id, now)
    stood = standing_of(mine).label("standing")
    inner = select(Challenge.track, stood).outerjoin(mine, mine.c.challenge_id == Challenge.id).where(offered(session, now)).subquery()
    counted = session.execute(select(inner.c.track, inner.c.standing, func.count().label("number")).group_by(inner.c.track, inner.c.standing))
    found: dict[str, dict[str, int]] = {}
    for row in counted:
        found.setdefault(row.track, {})[row.standing] = row.number
    return {track: TrackCount(**found.get(track, {})) for track in Track}


def usual_review_time(session: Session, now: datetime) -> timedelta | None:
    """Return the median time from an answer to its verdict over the last 30 days, None while nothing was decided.

    Of at most the 500 newest verdicts, so that the cost does not grow. What an import decided at
    other dates does not count.
    """
    judged = (Outcome.APPROVED, Outcome.MORE_WANTED, Outcome.DECLINED)
    recent = (
        select(Verdict.decided_at, Attempt.submitted_at)
        .join(Attempt, Attempt.id == Verdict.attempt_id)
        .where(Verdict.decided_at >= now - REVIEW_WINDOW, Verdict.decided_at == Verdict.recorded_at, Verdict.outcome.in_(judged))
        .order_by(Verdict.decided_at.desc())
        .limit(REVIEW_SAMPLE)
    )
    waits = [(row.decided_at - row.submitted_at).total_seconds() for row in session.execute(recent)]
    return timedelta(seconds=median(waits)) if waits else None


def _filtered(statement: AnySelect, wanted: Wanted) -> AnySelect:
    for word in fold(wanted.q).split():
        statement = statement.where(Challenge.search_key.like(like_pattern(word), escape="\\"))
    if wanted.track:
        statement = statement.where(Challenge.track == wanted.track)
    if wanted.minutes is not None:
        statement = statement.where(Challenge.minutes <= wanted.minutes)
    if wanted.points is not None:
        statement = statement.where(Challenge.points >= wanted.points)
    return statement


def _order(sort: str) -> list[tuple[Any, bool]]:
    if sort == "quick":
        return [(func.coalesce(Challenge.minutes, UNKNOWN_MINUTES), False), (Challenge.id, True)]
    return [(Challenge.points, True), (Challenge.id, True)] if sort == "points" else [(Challenge.id, True)]


def count_standing(counts: dict[str, TrackCount], standing: Standing) -> int:
    """Return how many challenges of all tracks have this standing."""
    return sum(getattr(count, standing.value) for count in counts.values())
