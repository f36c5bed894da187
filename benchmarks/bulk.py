"""Writing many rows at once, past every action: COPY on PostgreSQL, prepared inserts on SQLite. For made data only."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from portal.kernel.db import Database

Row = Sequence[Any]


class Bulk:
    """One database to fill. Each table is one transaction; triggers, checks and foreign keys stay on."""

    def __init__(self, database: Database) -> None:
        self.is_sqlite = database.is_sqlite
        self._pooled = database.engine.raw_connection()
        self._connection: Any = self._pooled.driver_connection
        if self.is_sqlite:  # whoever had this connection before may only have read
            self.run("PRAGMA query_only=OFF")
            self._pooled.info.clear()  # where the portal notes that it may only read
        else:  # a page may take its seconds, a million rows take theirs
            self.run("SET statement_timeout = 0")

    def fill(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        """Write ``rows`` with the named columns."""
        if self.is_sqlite:
            marks = ", ".join("?" * len(columns.split(",")))
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", self._spelled(rows))
            self._connection.execute("COMMIT")
            return
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in self._spelled(rows):
                copy.write_row(row)
        self._connection.commit()

    def run(self, statement: str) -> None:
        self._connection.execute(statement)
        if not self.is_sqlite:
            self._connection.commit()

    def follow_ids(self, tables: Iterable[str]) -> None:
        """Let PostgreSQL's own numbers begin behind the ids that were given."""
        for table in () if self.is_sqlite else tables:
            self.run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))")

    def settle(self) -> None:
        """Do what PostgreSQL's autovacuum does by itself in a database that grew slowly. SQLite gets nothing that the portal does not give it."""
        if not self.is_sqlite:
            self._connection.autocommit = True
            self._connection.execute("VACUUM ANALYZE")
            self._connection.autocommit = False

    def close(self) -> None:
        if not self.is_sqlite:
            self.run("RESET statement_timeout")
        self._pooled.close()

    def _spelled(self, rows: Iterable[Row]) -> Iterator[list[Any]]:
        for row in rows:
            yield [self._value(value) if isinstance(value, (datetime, dict, list)) else value for value in row]

    def _value(self, value: Any) -> Any:
        if not isinstance(value, datetime):
            return json.dumps(value)
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if self.is_sqlite else value
