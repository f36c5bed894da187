"""Each of 500 sealed rows is damaged once, in turn, by whoever owns the database: 500 times ``verify`` names the row."""

import itertools
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.ledger.queries import proof
from tests.ledger.books import fill_and_seal
from tests.ledger.vandal import Vandal, another

ROWS, AT_ONCE = 500, 25
Row = dict[str, Any]


class Damage:
    """One way after the other to spoil a row of one table. Each returns the ids that must be named; partners are taken from ``beside``."""

    def __init__(self, connection: Connection, table: str, row: Row) -> None:
        self.connection, self.table = connection, table
        self.fields = [name for name in row if name != "id"]
        self.turn = 0
        self.touched: set[str] = set()
        self.ways = itertools.cycle((self.change, self.remove, self.change, self.swap, self.change, self.trade_places, self.add))

    def spoil(self, row: Row, beside: list[Row]) -> list[tuple[str, int]]:
        return [(self.table, row_id) for row_id in next(self.ways)(row, beside)]

    def change(self, row: Row, _beside: list[Row]) -> list[int]:
        """Change the next field."""
        self._set(row["id"], field := self._next(), another(row[field], field))
        return [row["id"]]

    def remove(self, row: Row, _beside: list[Row]) -> list[int]:
        self.connection.execute(text(f"DELETE FROM {self.table} WHERE id = :id"), {"id": row["id"]})
        return [row["id"]]

    def swap(self, row: Row, beside: list[Row]) -> list[int]:
        """Give this row and another the value of each other, in the next field in which some differ."""
        other = None
        while other is None:
            field = self._next()
            other = next((o for o in beside if o[field] != row[field]), None)
        self._set(row["id"], field, "-" if field == "key" else other[field])
        self._set(other["id"], field, row[field])
        self._set(row["id"], field, other[field])
        return [row["id"], other["id"]]

    def trade_places(self, row: Row, beside: list[Row]) -> list[int]:
        """Give this row and its neighbour each other's id."""
        other, away = beside[beside.index(row) - 1], -row["id"]
        for old, new in ((row["id"], away), (other["id"], row["id"]), (away, other["id"])):
            self._set(old, "id", new)
        return [row["id"], other["id"]]

    def add(self, row: Row, beside: list[Row]) -> list[int]:
        """Slip a copy in under a sealed transfer; a transfer cannot be copied there, and is changed."""
        if self.table == "transfer":
            return self.change(row, beside)
        copy = row | {"id": 100_000 + row["id"], "version": None, "balance_after": None}
        self.connection.execute(text(f"INSERT INTO entry ({', '.join(copy)}) VALUES ({', '.join(f':{name}' for name in copy)})"), copy)
        return [copy["id"]]

    def _next(self) -> str:
        field = self.fields[self.turn % len(self.fields)]
        self.turn += 1
        self.touched.add(field)
        return field

    def _set(self, row_id: int, field: str, value: Any) -> None:
        self.connection.execute(text(f"UPDATE {self.table} SET {field} = :value WHERE id = :id"), {"value": value, "id": row_id})


@pytest.mark.breaks_the_books
def test_each_of_500_rows_that_was_changed_removed_added_or_swapped_is_named(database: Database) -> None:
    """Twenty are spoiled at once, none of them beside another, so that each stands for itself; then it is all undone."""
    fill_and_seal(database, owners=15, size=12)
    vandal, found = Vandal(database), 0
    books = {table: vandal.rows(table) for table in ("transfer", "entry")}
    books["entry"] = books["entry"][: ROWS - len(books["transfer"])]
    groups = [(table, rows[start : start + AT_ONCE]) for table, rows in books.items() for start in range(0, len(rows), AT_ONCE)]
    with vandal.open() as connection:
        session = Session(connection)
        damages = {table: Damage(connection, table, rows[0]) for table, rows in books.items()}
        for turn in range(AT_ONCE):
            spoiled = [damages[table].spoil(rows[turn], rows) for table, rows in groups if turn < len(rows)]
            named = {(problem.table, problem.row_id) for problem in proof.verify(session)}
            connection.rollback()
            wanted = set(itertools.chain.from_iterable(spoiled))
            assert wanted <= named, wanted - named
            assert {table for table, _ in named - wanted} <= {"transfer_note"}
            found += len(spoiled)
        assert all(damage.touched == set(damage.fields) for damage in damages.values())
        assert proof.verify(session) == []
    assert found == ROWS
