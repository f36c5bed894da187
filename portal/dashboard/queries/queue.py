"""The queue: what waits in every room, oldest first, in one statement however much there is.

Each room's part is read from its own index and cut to one page before the parts are merged, so
that a page costs the same with ten and with a hundred thousand things waiting.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, CompoundSelect, Select, and_, bindparam, false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from portal.dashboard.rules import HIGHEST_ID
from portal.dashboard.waiting.contract import COLUMNS, WaitingSource, Wanted
from portal.kernel.schema import UTCDateTime
from portal.review.queries.cases import is_owned
from portal.web.paging import SIZE, AnySelect, Page, pack_cursor, read_cursor

COUNTED = 1_000
NOBODY = "none"
_BATCH = 1_000


@dataclass(frozen=True)
class Waiting:
    """How much waits, and since when. A number above ``COUNTED`` says only that there is more."""

    number: int = 0
    oldest: datetime | None = None

    @property
    def is_more(self) -> bool:
        return self.number > COUNTED


def waiting_page(session: Session, sources: Sequence[WaitingSource], wanted: Wanted, *, after: str | None = None, size: int = SIZE) -> Page:
    """Return one page of what waits, oldest first."""
    place = _place(after)
    behind = place[1] if place else None
    is_kept = wanted == Wanted() and (behind is None or behind in {source.kind for source in sources})
    statement = _plain_page(tuple(sources), behind, size) if is_kept else _page(sources, wanted, behind, size)
    found = session.execute(statement, {"since": place[0], "last": place[2]} if place else {}).all()
    more, rows = len(found) > size, found[:size]
    return Page(rows, cursor_of(rows[-1]) if more else None, is_first=place is None)


def iter_waiting(session: Session, sources: Sequence[WaitingSource], wanted: Wanted) -> Iterator[Any]:
    """Yield all that waits, oldest first, for a file."""
    yield from session.execute(_merged([_part(source, wanted, None) for source in sources]), execution_options={"yield_per": _BATCH})


def count_waiting(session: Session, sources: Sequence[WaitingSource], wanted: Wanted) -> dict[str, Waiting]:
    """Return by kind how much waits and since when, in one statement. It counts up to ``COUNTED`` and then says so."""
    statement = _all_counts(tuple(sources)) if wanted == Wanted() else _counts(sources, wanted)
    found_by_kind = {row.kind: Waiting(row.number, row.oldest) for row in session.execute(statement)}
    return {source.kind: found_by_kind[source.kind] for source in sources}


def together(counts: dict[str, Waiting]) -> Waiting:
    """Return the sum of all kinds, and the oldest of them."""
    return Waiting(sum(one.number for one in counts.values()), min((one.oldest for one in counts.values() if one.oldest), default=None))


def find_row(session: Session, source: WaitingSource, item_id: int) -> Any | None:
    """Return the line of one thing, or None where it does not wait any more."""
    return next(iter(rows_of(session, [source], [(source.kind, item_id)])), None)


def rows_of(session: Session, sources: Sequence[WaitingSource], keys: Sequence[tuple[str, int]]) -> list[Any]:
    """Return the lines of the things named by (kind, id) that wait, oldest first."""
    ids = {source.kind: [item_id for kind, item_id in keys if kind == source.kind] for source in sources}
    return list(session.execute(_named(tuple(sources)), ids))


def narrowed(source: WaitingSource, wanted: Wanted) -> AnySelect:
    """Return one room's part of what is wanted, without order. What holds for every kind alike, owner and overdue, is asked here."""
    found = source.waiting(wanted)
    if wanted.owner:
        item_id = found.selected_columns["id"]
        found = found.where(~is_owned(source.kind, item_id) if wanted.owner == NOBODY else is_owned(source.kind, item_id, int(wanted.owner)))
    if wanted.overdue:
        since = dict(wanted.overdue).get(source.kind)
        found = found.where(found.selected_columns["waiting_since"] <= literal(since, UTCDateTime()) if since is not None else false())
    return found


def cursor_of(row: Any) -> str:
    """Return the cursor behind a row of the queue."""
    return pack_cursor([row.waiting_since, row.kind, row.id])


def _page(sources: Sequence[WaitingSource], wanted: Wanted, behind: str | None, size: int) -> Select[Any]:
    return _merged([_part(source, wanted, behind).limit(size + 1) for source in sources]).limit(size + 1)


def _counts(sources: Sequence[WaitingSource], wanted: Wanted) -> CompoundSelect[Any]:
    counts = []
    for source in sources:
        found = narrowed(source, wanted)
        since = found.selected_columns["waiting_since"]
        part = found.with_only_columns(since, maintain_column_froms=True).order_by(since).limit(COUNTED + 1).subquery()
        counts.append(select(literal(source.kind).label("kind"), func.count().label("number"), func.min(part.c.waiting_since).label("oldest")))
    return union_all(*counts)


# The queue without a filter: put together once, since that takes longer than running it.
@lru_cache(maxsize=32)
def _plain_page(sources: tuple[WaitingSource, ...], behind: str | None, size: int) -> Select[Any]:
    return _page(sources, Wanted(), behind, size)


@lru_cache(maxsize=32)
def _all_counts(sources: tuple[WaitingSource, ...]) -> CompoundSelect[Any]:
    return _counts(sources, Wanted())


@lru_cache(maxsize=32)
def _named(sources: tuple[WaitingSource, ...]) -> Select[Any]:
    """Return the lines whose ids are given by kind."""
    found = [(source.kind, source.waiting(Wanted())) for source in sources]
    return _merged([part.where(part.selected_columns["id"].in_(bindparam(kind, expanding=True))) for kind, part in found])


def _place(after: str | None) -> tuple[datetime, str, int] | None:
    match read_cursor(after) if after else None:
        case [datetime() as since, str() as kind, int() as item_id] if since.tzinfo and abs(item_id) <= HIGHEST_ID:
            return since, kind, item_id
    return None


def _part(source: WaitingSource, wanted: Wanted, behind: str | None) -> Select[Any]:
    """Return one room's part, in order; behind a line of the kind ``behind``, which came at ``:since`` and has the id ``:last``.

    Of that moment, kinds that are later in the order are still to come, earlier ones are not.
    """
    found = narrowed(source, wanted)
    since, item_id = found.selected_columns["waiting_since"], found.selected_columns["id"]
    if behind is not None:
        moment = bindparam("since", type_=UTCDateTime)
        if source.kind == behind:
            found = found.where(since >= moment, or_(since > moment, and_(since == moment, item_id > bindparam("last", type_=BigInteger))))
        else:
            found = found.where(since >= moment if source.kind > behind else since > moment)
    return found.order_by(since, item_id)


def _merged(parts: Sequence[AnySelect]) -> Select[Any]:
    rows = union_all(*(_in_order(part) for part in parts)).subquery()
    return select(*(rows.c[name] for name in COLUMNS)).order_by(rows.c.waiting_since, rows.c.kind, rows.c.id)


def _in_order(part: AnySelect) -> Select[Any]:
    cut = part.subquery()
    return select(*(cut.c[name] for name in COLUMNS))
