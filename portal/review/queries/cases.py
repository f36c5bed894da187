"""Whose something is, and who approved it first."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from portal.review.models import ReviewCase


def find_case(session: Session, kind: str, item_id: int) -> ReviewCase | None:
    """Return the case of a thing as it stands now, None where nobody touched it."""
    return session.get(ReviewCase, (kind, item_id), populate_existing=True)


def cases_of(session: Session, keys: Sequence[tuple[str, int]]) -> dict[tuple[str, int], ReviewCase]:
    """Return the cases of the things named by (kind, id), in one statement."""
    wanted: dict[str, list[int]] = {}
    for kind, item_id in keys:
        wanted.setdefault(kind, []).append(item_id)
    if not wanted:
        return {}
    either = or_(*(and_(ReviewCase.kind == kind, ReviewCase.item_id.in_(ids)) for kind, ids in wanted.items()))
    return {(case.kind, case.item_id): case for case in session.scalars(select(ReviewCase).where(either))}


def is_owned(kind: str, item_id: ColumnElement[int], owner_id: int | None = None) -> ColumnElement[bool]:
    """Return the condition that a thing is somebody's, or ``owner_id``'s."""
    own = (ReviewCase.kind == kind, ReviewCase.item_id == item_id)
    return exists().where(*own, ReviewCase.owner_id.is_not(None) if owner_id is None else ReviewCase.owner_id == owner_id)


def was_told(kind: str, item_id: ColumnElement[int], step: int) -> ColumnElement[bool]:
    """Return the condition that a thing was escalated to ``step`` already."""
    return exists().where(ReviewCase.kind == kind, ReviewCase.item_id == item_id, ReviewCase.told_step >= step)
