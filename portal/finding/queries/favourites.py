"""Whom somebody marked."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.finding.models.library import Favourite
from portal.web.paging import AnySelect, Page, page_by


def favourites_of(session: Session, person_id: int, *, after: str | None = None, size: int = 20) -> Page:
    """Return a page of ``Favourite``, marked last first."""
    found: AnySelect = select(Favourite).where(Favourite.person_id == person_id)
    return page_by(session, found, [(Favourite.at, True), (Favourite.reference_id, True)], after=after, size=size)


def marked_among(session: Session, person_id: int | None, ids: Iterable[int]) -> frozenset[int]:
    """Return which of some profiles somebody marked."""
    some = list(ids)
    if person_id is None or not some:
        return frozenset()
    return frozenset(session.scalars(select(Favourite.reference_id).where(Favourite.person_id == person_id, Favourite.reference_id.in_(some))))
