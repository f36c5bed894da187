"""What the worker needs to keep the fence posts of long boards."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from portal.kernel.db import programme_zone
from portal.recognition.models import ON_BOARD, FenceBuild, PeriodScore
from portal.recognition.rules.boards import FENCE_STEP, FENCED_FROM, needs_look


@dataclass(frozen=True)
class Look:
    """What a board looks like now. Two equal looks mean that no place has moved."""

    members: int
    points: int
    latest_neg: int


def list_periods(session: Session) -> list[str]:
    """Return the periods that have a board, by leaping from one to the next in the index."""
    periods: list[str] = []
    while period := session.scalar(select(func.min(PeriodScore.period)).where(PeriodScore.period > (periods[-1] if periods else ""), ON_BOARD)):
        periods.append(period)
    return periods


def is_long(session: Session, period: str, *, beyond: int = FENCED_FROM) -> bool:
    """Tell whether the board of ``period`` holds more than ``beyond`` people, and so is too long for counting."""
    next_one = select(PeriodScore.member_id).where(PeriodScore.period == period, ON_BOARD).limit(1).offset(beyond)
    return session.scalar(next_one) is not None


def list_builds(session: Session) -> dict[str, FenceBuild]:
    """Return the builds there are, by period."""
    return {build.period: build for build in session.scalars(select(FenceBuild))}


def is_due(session: Session, build: FenceBuild, now: datetime) -> bool:
    """Tell whether it is time to compare the board of this build again."""
    return needs_look(build.period, build.looked_at, build.members, now, programme_zone(session))


def look_at(session: Session, period: str) -> Look:
    """Return what the board of ``period`` looks like now, from the index alone."""
    found = select(
        func.count(),
        cast(func.coalesce(func.sum(PeriodScore.score), 0), BigInteger),
        cast(func.coalesce(func.min(PeriodScore.first_neg), 0), BigInteger),
    ).where(PeriodScore.period == period, ON_BOARD)
    return Look(*session.execute(found).one())


def is_as_built(session: Session, period: str, look: Look) -> bool:
    """Tell whether the board looks as it did when its fences were built."""
    build = session.get(FenceBuild, period)
    return build is not None and Look(build.members, build.points, build.latest_neg) == look


def posts_of(session: Session, period: str, *, step: int = FENCE_STEP) -> list[tuple[int, int, int, int]]:
    """Return (score, first_neg, member_id, position) of every 1,000th place (``step``), in order."""
    order = (PeriodScore.score.desc(), PeriodScore.first_neg.desc(), PeriodScore.member_id.desc())
    numbered = (
        select(PeriodScore.score, PeriodScore.first_neg, PeriodScore.member_id, func.row_number().over(order_by=order).label("position"))
        .where(PeriodScore.period == period, ON_BOARD)
        .subquery()
    )
    columns = (numbered.c.score, numbered.c.first_neg, numbered.c.member_id, numbered.c.position)
    posts = select(*columns).where(numbered.c.position % step == 0).order_by(numbered.c.position)
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(posts)]
