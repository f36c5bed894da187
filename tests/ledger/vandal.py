"""Somebody who owns the database and changes rows by SQL, with triggers, checks and foreign keys out of the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, text

from portal.kernel.db import Database


def another(value: Any, field: str) -> Any:
    """Return a value of the same kind that is not ``value``."""
    if field.endswith("_at"):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        moment += timedelta(microseconds=1)
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, str) else moment
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("x" if value[-1:] != "x" else "y")
    return "x" if field in ("source_type", "note_hash") else 1


class Vandal:
    """Writes what no verb would write; commits each act."""

    def __init__(self, database: Database) -> None:
        self.engine = create_engine(database.engine.url, poolclass=NullPool)
        self.is_sqlite = database.is_sqlite
        with self.open() as connection:
            self._disarm(connection)

    def _disarm(self, connection: Connection) -> None:
        for index in ("uq_entry_account_id_version", "uq_transfer_reverses_id", "uq_transfer_resolves_id"):
            connection.execute(text(f"DROP INDEX {index}"))
        if self.is_sqlite:
            for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
            return
        checks = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
        for table, name in connection.execute(text(checks)).all():
            connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))

    @contextmanager
    def open(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            connection.execute(text("PRAGMA ignore_check_constraints=ON" if self.is_sqlite else "SET session_replication_role = replica"))
            connection.commit()
            yield connection
            connection.commit()

    def run(self, sql: str, **values: Any) -> None:
        with self.open() as connection:
            connection.execute(text(sql), values)

    def set(self, table: str, row_id: int, field: str, value: Any, key: str = "id") -> None:
        self.run(f"UPDATE {table} SET {field} = :value WHERE {key} = :id", value=value, id=row_id)

    def rows(self, table: str) -> list[dict[str, Any]]:
        with self.open() as connection:
            return [dict(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1")).mappings()]

    def put(self, table: str, row: dict[str, Any]) -> None:
        self.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})", **row)

    def remove(self, table: str, row_id: int) -> None:
        self.run(f"DELETE FROM {table} WHERE id = :id", id=row_id)

    def skip_ids(self, table: str, count: int) -> None:
        """Burn ids, as rolled-back units of work do on PostgreSQL."""
        if self.is_sqlite:
            self.run("UPDATE sqlite_sequence SET seq = seq + :n WHERE name = :t", n=count, t=table)
        else:
            self.run("SELECT nextval(pg_get_serial_sequence(:t, 'id')) FROM generate_series(1, :n)", t=table, n=count)
