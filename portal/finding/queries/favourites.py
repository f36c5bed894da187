"""Whom somebody marked."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.finding.models.library import Favourite
from portal.finding.queries.calling import under, veiled_name
from portal.web.paging import AnySelect, Page, pack_cursor, page_by, read_cursor


def favourites_of(session: Session, person_id: int, *, after: str | None = None, size: int = 20) -> Page:
    """Return a page of ``Favourite``, marked last first. The cursor calls them by their veiled names."""
    found: AnySelect = select(Favourite).where(Favourite.person_id == person_id)
    last = read_cursor(after) if after else None
    behind = [last[0], under(session, last[1]) or 0] if last and len(last) == 2 and isinstance(last[1], str) else None
    keys = [(Favourite.at, True), (Favourite.reference_id, True)]
    page = page_by(session, found, keys, after=pack_cursor(behind) if behind else None, size=size)
    shown = page.rows[-1] if page.next else None
    return replace(page, next=pack_cursor([shown.at, veiled_name(session, shown.reference_id)]) if shown else None)


def marked_among(session: Session, person_id: int | None, ids: Iterable[int]) -> frozenset[int]:
    """Return which of some profiles somebody marked."""
    some = list(ids)
    if person_id is None or not some:
        return frozenset()
    return frozenset(session.scalars(select(Favourite.reference_id).where(Favourite.person_id == person_id, Favourite.reference_id.in_(some))))
