"""Each of 500 sealed rows is damaged once, in turn, by whoever owns the database: 500 times ``verify`` names the row."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.ledger.queries import proof
from tests.ledger.books import fill_and_seal
from tests.ledger.vandal import Vandal, another

ROWS = 500
Named = set[tuple[str, int]]


class Damage:
    """One way after the other to spoil a row. Each returns the ids that must be named."""

    def __init__(self, connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
        self.connection, self.table, self.rows = connection, table, rows
        self.fields = [name for name in rows[0] if name != "id"]
        self.turn = 0
        self.touched: set[str] = set()
        self.ways = (self.change, self.remove, self.change, self.swap, self.change, self.trade_places, self.add)

    def all(self) -> Iterator[list[int]]:
        """Spoil each row by the next way; give what must be named, then wait until it was undone."""
        for number, row in enumerate(self.rows):
            yield self.ways[number % len(self.ways)](row)

    def change(self, row: dict[str, Any]) -> list[int]:
        """Change the next field."""
        self._set(row["id"], field := self._next(), another(row[field], field))
        return [row["id"]]

    def remove(self, row: dict[str, Any]) -> list[int]:
        self.connection.execute(text(f"DELETE FROM {self.table} WHERE id = :id"), {"id": row["id"]})
        return [row["id"]]

    def swap(self, row: dict[str, Any]) -> list[int]:
        """Give this row and another the value of each other in the next field in which some differ."""
        other = None
        while other is None:
            field = self._next()
            other = next((o for o in self.rows if o[field] != row[field]), None)
        self._set(row["id"], field, "-" if field == "key" else other[field])
        self._set(other["id"], field, row[field])
        self._set(row["id"], field, other[field])
        return [row["id"], other["id"]]

    def trade_places(self, row: dict[str, Any]) -> list[int]:
        """Give this row and its neighbour each other's id."""
        other = self.rows[self.rows.index(row) - 1]
        for old, new in ((row["id"], -1), (other["id"], row["id"]), (-1, other["id"])):
            self._set(old, "id", new)
        return [row["id"], other["id"]]

    def add(self, row: dict[str, Any]) -> list[int]:
        """Slip a copy in: an entry under its sealed transfer, a transfer instead of the row, which changes it."""
        if self.table == "transfer":
            return self.change(row)
        copy = row | {"id": 99_999, "version": None, "balance_after": None}
        self.connection.execute(text(f"INSERT INTO entry ({', '.join(copy)}) VALUES ({', '.join(f':{name}' for name in copy)})"), copy)
        return [99_999]

    def _next(self) -> str:
        field = self.fields[self.turn % len(self.fields)]
        self.turn += 1
        self.touched.add(field)
        return field

    def _set(self, row_id: int, field: str, value: Any) -> None:
        self.connection.execute(text(f"UPDATE {self.table} SET {field} = :value WHERE id = :id"), {"value": value, "id": row_id})


@pytest.mark.breaks_the_books
def test_each_of_500_rows_that_was_changed_removed_added_or_swapped_is_named(database: Database) -> None:
    fill_and_seal(database, owners=15, size=40)
    vandal, found = Vandal(database), 0
    books = {table: vandal.rows(table) for table in ("transfer", "entry")}
    books["entry"] = books["entry"][: ROWS - len(books["transfer"])]
    with vandal.open() as connection:
        session = Session(connection)
        for table, rows in books.items():
            damage = Damage(connection, table, rows)
            for wanted in damage.all():
                named: Named = {(problem.table, problem.row_id) for problem in proof.verify(session)}
                connection.rollback()
                assert {(table, row_id) for row_id in wanted} <= named, (table, wanted)
                assert {other for other, _ in named - {(table, row_id) for row_id in wanted}} <= {"transfer_note"}
                found += 1
            assert damage.touched == set(damage.fields)
        assert proof.verify(session) == []
    assert found == ROWS
