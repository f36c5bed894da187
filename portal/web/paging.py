"""Lists paged by key: the next page starts behind the last row of this one, so page 1,000 costs what page 1 costs."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, or_, tuple_
from sqlalchemy.orm import Session

from portal.kernel.ids import MOST_ID

SIZE = 50
MOST_PLAIN = 2**31 - 1
AnySelect = Select[*tuple[Any, ...]]
"""A select of any number of columns, for annotations."""


@dataclass(frozen=True)
class Page:
    """One page of rows; ``next`` is the cursor of the following one, None on the last. ``is_first`` tells whether it was asked without a cursor."""

    rows: Sequence[Any]
    next: str | None
    is_first: bool = True

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def pack_cursor(values: list[Any]) -> str:
    """Return the cursor behind a row with these key values."""
    plain = [{"t" if isinstance(v, datetime) else "d": v.isoformat()} if isinstance(v, date) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> list[Any] | None:
    """Return the key values in a cursor, or None where it cannot be read, or holds what no database could compare with."""
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_moment(v) if isinstance(v, dict) else v for v in plain]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return values if all(_is_comparable(value) for value in values) else None


def _moment(kept: dict[str, str]) -> date:
    return date.fromisoformat(kept["d"]) if "d" in kept else datetime.fromisoformat(kept["t"])


def _is_comparable(value: Any) -> bool:
    """Addresses can be typed: no text with a zero or half a character in it, no moment without a zone or at the edge of time."""
    if isinstance(value, datetime):
        return value.tzinfo is not None and 1 < value.year < 9999
    if isinstance(value, date):
        return 1 < value.year < 9999
    if isinstance(value, str):
        return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value)
    return isinstance(value, int) and abs(value) <= MOST_ID


def _fits(column: Any, value: Any) -> bool:
    """Tell whether the column can be compared with the value."""
    if type(value) is not column.type.python_type:
        return False
    return not isinstance(value, int) or isinstance(column.type, BigInteger) or abs(value) <= MOST_PLAIN


def page_by(
    session: Session,
    statement: AnySelect,
    keys: Sequence[tuple[ColumnElement[Any] | Any, bool]],
    *,
    after: str | None,
    size: int = SIZE,
    values: Mapping[str, Any] | None = None,
) -> Page:
    """Run ``statement`` ordered by ``keys`` and return one page behind the cursor ``after``.

    ``keys`` are (column, descending) and must end in a unique one; none may be NULL. Each row of
    the page is the bare entity where one thing was selected, a named row otherwise (with the key
    columns behind what was selected). A cursor that cannot be read gives the first page. ``values``
    fill the parameters of a statement that was built beforehand; its first page is built once, too.
    """
    last = read_cursor(after) if after else None
    if last is not None and not (len(last) == len(keys) and all(_fits(column, value) for (column, _), value in zip(keys, last, strict=True))):
        last = None
    if last is not None:
        cut = _cut(statement.where(_behind(keys, last)), tuple(keys), size)
    else:
        cut = (_cut if values is None else _kept_cut)(statement, tuple(keys), size)
    found = session.execute(cut, values or {}).all()
    more, found = len(found) > size, found[:size]
    cursor = pack_cursor(list(found[-1][-len(keys) :])) if more else None
    single = bool(found) and len(found[0]) == len(keys) + 1
    return Page([row[0] for row in found] if single else found, cursor, is_first=last is None)


def _cut(statement: AnySelect, keys: tuple[tuple[Any, bool], ...], size: int) -> AnySelect:
    ordered = statement.order_by(*(column.desc() if descending else column.asc() for column, descending in keys))
    return ordered.add_columns(*[column for column, _ in keys]).limit(size + 1)


_kept_cut = lru_cache(maxsize=128)(_cut)


def _behind(keys: Sequence[tuple[Any, bool]], values: list[Any]) -> ColumnElement[bool]:
    """Where all keys run one way, one comparison of rows: the engines start an index scan in the middle of ties for that, not for a chain of ORs."""
    if len(keys) > 1 and len({descending for _, descending in keys}) == 1:
        here = tuple_(*[column for column, _ in keys])
        last = tuple_(*[bindparam(None, value, type_=column.type) for (column, _), value in zip(keys, values, strict=True)])
        return here < last if keys[0][1] else here > last
    alternatives = []
    for index, (column, descending) in enumerate(keys):
        same = [earlier == value for (earlier, _), value in zip(keys[:index], values, strict=False)]
        alternatives.append(and_(*same, column < values[index] if descending else column > values[index]))
    return or_(*alternatives)
