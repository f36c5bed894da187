"""Which place a score has. Counted on a short board; on a long one from the nearest fence post, so that no place costs more than 1,000 rows.

Equal points share a place, so a place is one more than the number of people who have more points.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select, tuple_, union_all
from sqlalchemy.orm import Session

from portal.recognition.models import LISTED, ON_BOARD, Fence, FenceBuild, PeriodScore

_HERE = PeriodScore.period == bindparam("period")
_MEMBERS = select(func.count()).select_from(PeriodScore).where(_HERE, ON_BOARD)
_ABOVE = (
    select(PeriodScore.score, func.count())
    .where(_HERE, LISTED, PeriodScore.score > bindparam("score", type_=BigInteger))
    .group_by(PeriodScore.score)
    .order_by(PeriodScore.score.desc())
)


def find_build(session: Session, period: str) -> FenceBuild | None:
    """Return when the fences of ``period`` were built, or None for a board that is counted."""
    return session.get(FenceBuild, period)


def count_members(session: Session, period: str) -> int:
    """Return how many people stand on the board of ``period``."""
    return session.scalar(_MEMBERS, {"period": period}) or 0


def places_of(session: Session, period: str, scores: Iterable[int], *, is_fenced: bool) -> dict[int, int]:
    """Return the place of each of ``scores`` on the board of ``period``."""
    wanted = sorted(set(scores), reverse=True)
    if not wanted:
        return {}
    return _from_fences(session, period, wanted) if is_fenced else _by_counting(session, period, wanted)


def _by_counting(session: Session, period: str, wanted: list[int]) -> dict[int, int]:
    """Count everybody above the lowest of ``wanted`` once, by score."""
    groups = session.execute(_ABOVE, {"period": period, "score": wanted[-1]}).all()
    places, counted, group = {}, 0, 0
    for score in wanted:
        while group < len(groups) and groups[group][0] > score:
            counted += groups[group][1]
            group += 1
        places[score] = counted + 1
    return places


def _from_fences(session: Session, period: str, wanted: list[int]) -> dict[int, int]:
    """Ask for the lowest fence above each score, then for who stands between the two."""
    values: dict[str, Any] = {"period": period} | {f"score{index}": score for index, score in enumerate(wanted)}
    fences = {row.asked: row for row in session.execute(_fences_above(len(wanted)), values)}
    for index, fence in ((index, fences[score]) for index, score in enumerate(wanted) if score in fences):
        values |= {f"top{index}": fence.score, f"first{index}": fence.first_neg, f"member{index}": fence.member_id}
    counts = session.execute(_counts_below(tuple(score in fences for score in wanted)), values)
    return {score: 1 + (fences[score].position if score in fences else 0) + count for score, count in counts}


@lru_cache(maxsize=64)
def _fences_above(number: int) -> Any:
    """Return, for each of so many scores, the lowest fence of which the score is above it."""
    return union_all(*(_fence_above(_given("score", index)) for index in range(number)))


def _fence_above(score: Any) -> Any:
    found = (
        select(score.label("asked"), Fence.score, Fence.first_neg, Fence.member_id, Fence.position)
        .where(Fence.period == bindparam("period"), Fence.score > score)
        .order_by(Fence.score, Fence.first_neg, Fence.member_id)
        .limit(1)
    )
    return select(found.subquery())


@lru_cache(maxsize=64)
def _counts_below(are_fenced: tuple[bool, ...]) -> Any:
    """Return, for each score, who has more and stands below its fence, if it has one."""
    return union_all(*(_between(index, is_fenced) for index, is_fenced in enumerate(are_fenced)))


def _between(index: int, is_fenced: bool) -> Any:
    """Two ranges added up, not one comparison of rows: PostgreSQL would stop at the first column of that and read the whole of a popular score."""
    score, here = _given("score", index), (_HERE, LISTED)
    if not is_fenced:
        return select(score, select(func.count()).where(*here, PeriodScore.score > score).scalar_subquery())
    top, post = _given("top", index), tuple_(_given("first", index), _given("member", index))
    rest = select(func.count()).where(*here, PeriodScore.score == top, tuple_(PeriodScore.first_neg, PeriodScore.member_id) < post)
    lower = select(func.count()).where(*here, PeriodScore.score > score, PeriodScore.score < top)
    return select(score, rest.scalar_subquery() + lower.scalar_subquery())


def _given(name: str, index: int) -> Any:
    return bindparam(f"{name}{index}", type_=BigInteger)
