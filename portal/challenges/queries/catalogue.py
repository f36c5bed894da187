"""What advocates can do: the list by track, its counts, and how long answers usually take."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from statistics import median
from typing import Any

from sqlalchemy import Select, bindparam, case, exists, func, not_, select
from sqlalchemy.orm import Session

from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.taking import Answer, Attempt
from portal.challenges.queries.audience import SEEN, admitted_today
from portal.challenges.queries.dismissals import ASIDE
from portal.challenges.queries.finding import offered_called
from portal.challenges.queries.standing import IS_OWN, MINE, OWN, SHOWN, STANDING, held, held_last_day, moment_values
from portal.challenges.queries.undoing import IS_FIRST_ANSWER
from portal.challenges.rules.standing import Standing
from portal.challenges.rules.states import Outcome
from portal.kernel.schema import UTCDateTime
from portal.kernel.text import fold
from portal.kernel.tracks import Track
from portal.web.paging import AnySelect, Page, page_by

UNKNOWN_MINUTES = 10_000
REVIEW_WINDOW, REVIEW_SAMPLE = timedelta(days=30), 100
PAGE_SIZE = 24
DISMISSED = "dismissed"
"""What an advocate filters by to see what they put aside, in place of a standing."""


def _rows() -> Select[*tuple[Any, ...]]:
    shown = func.coalesce(MINE.c.active_version, Challenge.version)
    steps = select(func.count()).where(Stage.challenge_id == Challenge.id, Stage.version == shown, Stage.removed_at.is_(None)).scalar_subquery()
    entered = (
        select(func.count(Answer.id))
        .join(Stage, Stage.id == Answer.stage_id)
        .where(Answer.submission_id == MINE.c.active_id, Stage.removed_at.is_(None))
        .scalar_subquery()
    )
    counts = (func.coalesce(MINE.c[name], 0).label(name) for name in ("waiting", "returned", "appealed"))
    columns = (STANDING.label("standing"), *counts, steps.label("steps"), entered.label("entered"))
    fields = (held(name).label(f"held_{name}") for name in ("title", "summary", "points", "minutes"))
    rows = select(Challenge, *columns, *fields, held_last_day().label("last_day"))
    return rows.outerjoin(MINE, MINE.c.challenge_id == Challenge.id).outerjoin(OWN, IS_OWN).where(SHOWN, SEEN)


def _counts() -> Select[*tuple[Any, ...]]:
    standing = case((ASIDE, DISMISSED), else_=STANDING)
    stands = select(Challenge.track, standing.label("standing")).outerjoin(MINE, MINE.c.challenge_id == Challenge.id)
    stood = stands.where(SHOWN, SEEN).subquery()
    return select(stood.c.track, stood.c.standing, func.count().label("number")).group_by(stood.c.track, stood.c.standing)


# What can be gone on with, then what can be begun; what only waits, and what is done, come after it.
_TURN = case({Standing.UNDER_WAY.value: 0, Standing.OPEN.value: 1, Standing.WAITING.value: 2, Standing.SHUT.value: 3}, value=STANDING, else_=4)
_POINTS, _MINUTES = held("points"), func.coalesce(held("minutes"), UNKNOWN_MINUTES)
ROWS = _rows()
"""What ``list_challenges`` returns of each challenge that a person sees today; run with ``row_values``."""
_COUNTS = _counts()
_REVIEWS = (
    select(Verdict.decided_at, Attempt.submitted_at)
    .join(Attempt, Attempt.id == Verdict.attempt_id)
    .where(
        Verdict.decided_at >= bindparam("since", type_=UTCDateTime),
        Verdict.decided_at == Verdict.recorded_at,
        Verdict.outcome.in_([Outcome.APPROVED, Outcome.MORE_WANTED, Outcome.DECLINED]),
        IS_FIRST_ANSWER,
    )
    .order_by(Verdict.decided_at.desc())
    .limit(REVIEW_SAMPLE)
)


@dataclass(frozen=True)
class Wanted:
    """What an advocate filters by. ``standing`` empty is all but what they put aside; ``kind`` is that of any of the steps."""

    q: str = ""
    track: str = ""
    standing: str = ""
    minutes: int | None = None
    points: int | None = None
    kind: str = ""
    sort: str = ""


@dataclass(frozen=True)
class TrackCount:
    """How many challenges of a track are open to the person, under way, waiting, done and put aside."""

    open: int = 0
    under_way: int = 0
    waiting: int = 0
    shut: int = 0
    done: int = 0
    dismissed: int = 0


def list_challenges(
    session: Session, person_id: int, wanted: Wanted, now: datetime, *, after: str | None, admitted: Collection[int] | None = None
) -> Page:
    """Return one page of rows: ``Challenge``, ``standing``, ``waiting``, ``returned``, ``appealed``, ``steps``.

    And how many of the steps are ``entered`` in a submission under way; ``held_title``, ``held_summary``, ``held_points``,
    ``held_minutes`` and ``last_day`` of the version that holds for the person. What is open is meant for
    the person; what they have begun or done stays, and is searched by the words that hold for the person. ``admitted`` is what
    ``admitted_today`` gave, where a page needs it more than once.
    """
    values = row_values(session, person_id, now, admitted)
    statement = _filtered(replace(wanted, q="", sort=""))
    if fold(wanted.q).split():
        statement = statement.where(offered_called(session, wanted.q, values))
    return page_by(session, statement, _order(wanted.sort), after=after, size=PAGE_SIZE, values=values)


def count_by_track(session: Session, person_id: int, now: datetime, *, admitted: Collection[int] | None = None) -> dict[str, TrackCount]:
    """Return the counts of every track, over all challenges that the person sees today; ``admitted`` as in ``list_challenges``."""
    found: dict[str, dict[str, int]] = {}
    for row in session.execute(_COUNTS, row_values(session, person_id, now, admitted)):
        found.setdefault(row.track, {})[row.standing] = row.number
    return {track: TrackCount(**found.get(track, {})) for track in Track}


def row_values(session: Session, person_id: int, now: datetime, admitted: Collection[int] | None) -> dict[str, Any]:
    """Return what a statement built from ``ROWS`` is run with; ``admitted`` as in ``list_challenges``."""
    known = admitted_today(session, person_id, now) if admitted is None else admitted
    return moment_values(session, person_id, now) | {"admitted": sorted(known)}


def usual_review_time(session: Session, now: datetime) -> timedelta | None:
    """Return the median time from an answer to its verdict over the last 30 days, None while nothing was decided.

    Of at most the 100 newest verdicts, so that the cost does not grow. What an import decided at
    other dates does not count, nor what a rule decided, what was undone within the minute, or what was decided once more.
    """
    rows = session.execute(_REVIEWS, {"since": now - REVIEW_WINDOW})
    waits = [(decided_at - submitted_at).total_seconds() for decided_at, submitted_at in rows]
    return timedelta(seconds=median(waits)) if waits else None


@lru_cache(maxsize=128)
def _filtered(wanted: Wanted) -> AnySelect:
    statement = ROWS.where(ASIDE if wanted.standing == DISMISSED else not_(ASIDE))
    if wanted.standing and wanted.standing != DISMISSED:
        statement = statement.where(STANDING.in_([wanted.standing]))
    if wanted.track:
        statement = statement.where(Challenge.track == wanted.track)
    if wanted.minutes is not None:
        statement = statement.where(held("minutes") <= wanted.minutes)
    if wanted.points is not None:
        statement = statement.where(held("points") >= wanted.points)
    if wanted.kind:
        shown = (Stage.challenge_id == Challenge.id, Stage.version == func.coalesce(MINE.c.active_version, Challenge.version))
        statement = statement.where(exists().where(*shown, Stage.kind == wanted.kind, Stage.removed_at.is_(None)))
    return statement


@lru_cache(maxsize=8)
def _order(sort: str) -> list[tuple[Any, bool]]:
    if sort == "quick":
        return [(_MINUTES, False), (Challenge.id, True)]
    if sort == "new":
        return [(Challenge.id, True)]
    points = [(_POINTS, True), (Challenge.id, True)]
    return points if sort == "points" else [(_TURN, False), *points]


def count_standing(counts: dict[str, TrackCount], standing: str) -> int:
    """Return how many challenges of all tracks have this standing, or were put aside (``DISMISSED``)."""
    return sum(getattr(count, str(standing)) for count in counts.values())
