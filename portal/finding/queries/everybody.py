"""Everybody who may be found, where nothing in particular is asked for: no fit ranks them, so they are paged through by a key."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from portal.finding.models.rows import FindingRow
from portal.finding.queries.calling import under, veiled_name
from portal.finding.queries.candidates import SIZE, Candidate, candidates_of, may_be_told_of
from portal.finding.queries.gathering import COLUMNS, NEWEST, SCANNED
from portal.finding.queries.sieve import Shape, passes, shape_of, values_of
from portal.finding.rules.needs import Needs
from portal.kernel.actor import Actor
from portal.web.paging import Page, pack_cursor, read_cursor

LOOKED = 40
"""How many are looked at for one page: twice of what it shows, since a budget or a day off keeps some out."""
MOST_IN_FILE = 1_000
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def listed(session: Session, actor: Actor, needs: Needs, now: datetime, after: str | None, limit: int = SIZE) -> Page:
    """Return a page of ``Candidate`` whom the actor may find and ask, now or later, newest verified first. Of a page is read a bounded number."""
    behind = _behind(session, after)
    values = {**values_of(session, actor, needs, now), "since": _LONG_AGO, **(behind or {})}
    rows = session.execute(_passing(shape_of(actor, needs), is_first=behind is None), values).all()
    found = candidates_of(session, actor, [row.person_id for row in rows], needs, now)
    able = [row for row in rows if (one := found[row.person_id]) and may_be_told_of(one) and (not one.failed or one.is_waiting)]
    shown = [found[row.person_id] for row in able[:limit]]
    last: Row[Any] | None = able[limit - 1] if len(able) > limit else None
    if last is None and len(rows) == LOOKED:
        last = able[limit - 1] if len(able) == limit else rows[-1]
    elif last is None:
        last = session.execute(_scanned(is_first=behind is None), values).one_or_none()
    cursor = pack_cursor([last.verified_at, veiled_name(session, last.person_id)]) if last is not None else None
    return Page(shown, cursor, is_first=behind is None)


def listed_whole(session: Session, actor: Actor, needs: Needs, now: datetime) -> Iterator[Candidate]:
    """Return the first ``MOST_IN_FILE`` of them, one page after another."""
    after: str | None = None
    for _number in range(MOST_IN_FILE // SIZE):
        page = listed(session, actor, needs, now, after)
        yield from page
        after = page.next
        if after is None:
            break


def _behind(session: Session, after: str | None) -> dict[str, Any] | None:
    last = read_cursor(after) if after else None
    if not last or len(last) != 2 or not isinstance(last[0], datetime) or not isinstance(last[1], str):
        return None
    return {"last_at": last[0], "last_id": under(session, last[1]) or 0}


def _rows(*, is_first: bool) -> Any:
    # Of two conditions the first alone bounds the walk of the index; the second is for those verified at the same moment.
    at, its_id = FindingRow.verified_at, FindingRow.person_id
    behind = (
        ()
        if is_first
        else (at <= bindparam("last_at"), or_(at < bindparam("last_at"), and_(at == bindparam("last_at"), its_id < bindparam("last_id"))))
    )
    return select(*COLUMNS).where(FindingRow.is_found, at.is_not(None), *behind).order_by(*NEWEST)


@lru_cache(maxsize=50)
def _passing(shape: Shape, *, is_first: bool) -> Any:
    row = _rows(is_first=is_first).limit(SCANNED).subquery("scanned").c
    found = select(row.person_id, row.verified_at).where(passes(row, shape))
    return found.order_by(row.verified_at.desc(), row.person_id.desc()).limit(LOOKED)


@lru_cache(maxsize=2)
def _scanned(*, is_first: bool) -> Any:
    """Return the select of the last row that a page looks at, where there are more behind it."""
    return _rows(is_first=is_first).offset(SCANNED - 1).limit(1)
