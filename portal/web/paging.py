"""Lists paged by key: the next page starts behind the last row of this one, so page 1,000 costs what page 1 costs."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, tuple_
from sqlalchemy.orm import Session

SIZE = 50
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
    plain = [{"t": v.isoformat()} if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> list[Any] | None:
    """Return the key values in a cursor, or None where it cannot be read."""
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [datetime.fromisoformat(v["t"]) if isinstance(v, dict) else v for v in plain]
    except (ValueError, KeyError, TypeError):
        return None


def page_by(
    session: Session, statement: AnySelect, keys: Sequence[tuple[ColumnElement[Any] | Any, bool]], *, after: str | None, size: int = SIZE
) -> Page:
    """Run ``statement`` ordered by ``keys`` and return one page behind the cursor ``after``.

    ``keys`` are (column, descending) and must end in a unique one; none may be NULL. Each row of
    the page is the bare entity where one thing was selected, a named row otherwise (with the key
    columns behind what was selected). A cursor that cannot be read gives the first page.
    """
    values = read_cursor(after) if after else None
    if values is not None and len(values) != len(keys):
        values = None
    if values is not None:
        statement = statement.where(_behind(keys, values))
    for column, descending in keys:
        statement = statement.order_by(column.desc() if descending else column.asc())
    found = session.execute(statement.add_columns(*[column for column, _ in keys]).limit(size + 1)).all()
    more, found = len(found) > size, found[:size]
    cursor = pack_cursor(list(found[-1][-len(keys) :])) if more else None
    single = bool(found) and len(found[0]) == len(keys) + 1
    return Page([row[0] for row in found] if single else found, cursor, is_first=values is None)


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
