"""Databases of PostgreSQL that are used again: each test finds one as its template is, and none waits until another was copied."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from portal.kernel.db import Database
from tests.support.databases import NUMBERS, NUMBERS_AGAIN, Templates

# A table's rows, whatever they are: somebody who adds, changes or removes one, and commits, changes their number or has a later transaction's.
_ROWS = "(SELECT count(*) || '/' || COALESCE(sum(xmin::text::bigint), 0) FROM {source})"
# What a test leaves but rows, which is not put right again: other tables and triggers, settings, and what the planner was told.
_SHAPE = "SELECT " + ", ".join(
    _ROWS.format(source=source)
    for source in (
        "pg_class WHERE relnamespace = 'public'::regnamespace",
        "pg_proc WHERE pronamespace = 'public'::regnamespace",
        "pg_attribute WHERE attrelid >= 16384",  # not PostgreSQL's own
        *("pg_trigger", "pg_constraint", "pg_statistic", "pg_db_role_setting"),
    )
)
_OTHERS_AWAY = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND (pid <> ALL(%s) OR state <> 'idle')
"""


class Room:
    """One database of PostgreSQL that test after test begins with as its template is: what each left is swept out.

    The connections stay, and with them what PostgreSQL learned about the tables: to learn it anew took a third of a test, and to copy and
    drop a database much of the rest.
    """

    FEW = 3  # So many connections are kept; more are those of people who raced.
    MANY = 5_000  # Rows. What is deleted lies in the way of those who come after.

    def __init__(self, url: str) -> None:
        self.url = url
        self.uses = 0
        self._opened: set[int] = set()
        self._engine = Database(url).engine
        event.listen(self._engine, "connect", lambda connection, _record: self._opened.add(connection.info.backend_pid))
        self._line = psycopg.connect(self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True)
        # Neither triggers nor keys stand in its way. Said once: PostgreSQL forgets every plan of a connection when this changes.
        self._line.execute("SET session_replication_role = replica")
        self._tables = [str(row[0]) for row in self._line.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")]
        self._shape = self._asked(_SHAPE)
        self._known = self._rows(self._tables)
        self._copies = {table: self._copied(table) for table, known in self._known.items() if not known.startswith("0/")}
        self._numbers = self._numbered()

    def lend(self) -> Database:
        """Return it as a test has it: what the test tells its sessions, and who listens to its engine, is gone with it."""
        found = Database(self.url)
        found.engine = self._engine.execution_options()
        found._sessions.configure(bind=found.engine)
        self.uses += 1
        return found

    def is_swept(self) -> bool:
        """Put everything back. False where more was changed than rows, or so much that a new database costs less."""
        try:
            self._send_others_away()
            if self._asked(_SHAPE) != self._shape or not self._restore_rows():
                return False
            self._restore_numbers()
            return True
        except psycopg.Error:
            return False

    def end(self) -> None:
        self._engine.dispose()
        self._line.close()

    def _send_others_away(self) -> None:
        pool = self._engine.pool
        assert isinstance(pool, QueuePool)
        if pool.checkedout() or pool.checkedin() > self.FEW:
            self._engine.dispose()
            self._opened.clear()
        self._line.execute(_OTHERS_AWAY, [list(self._opened)])

    def _restore_rows(self) -> bool:
        now = self._rows(self._tables)
        changed = [table for table in self._tables if now[table] != self._known[table]]
        if sum(int(now[table].split("/")[0]) for table in changed) > self.MANY:
            return False
        with self._line.transaction():
            self._line.execute(";".join(f'DELETE FROM "{table}"' for table in changed))  # type: ignore[arg-type]
            for table in changed:
                if table in self._copies:
                    with self._line.cursor().copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as copy:  # type: ignore[arg-type]
                        copy.write(self._copies[table])
        self._known |= self._rows([table for table in changed if table in self._copies])
        return True

    def _restore_numbers(self) -> None:
        now = self._numbered()
        again = {name: number for name, number in self._numbers.items() if now[name] != number}
        if again:
            self._line.execute(NUMBERS_AGAIN.text.replace(":numbers", "%s"), [json.dumps(again)])  # type: ignore[arg-type]

    def _asked(self, statement: str) -> tuple[Any, ...]:
        row = self._line.execute(statement, prepare=True).fetchone()  # type: ignore[arg-type]
        assert row
        return row

    def _rows(self, tables: list[str]) -> dict[str, str]:
        if not tables:
            return {}
        return dict(zip(tables, self._asked("SELECT " + ", ".join(_ROWS.format(source=f'"{table}"') for table in tables)), strict=True))

    def _numbered(self) -> dict[str, int | None]:
        return dict(self._line.execute(NUMBERS.text).fetchall())  # type: ignore[arg-type]

    def _copied(self, table: str) -> bytes:
        with self._line.cursor().copy(f'COPY "{table}" TO STDOUT (FORMAT binary)') as copy:  # type: ignore[arg-type]
            return b"".join(bytes(part) for part in copy)


class Rooms:
    """The rooms of a run, each named by its template. The one that was used longest ago makes way, and so does one that was used a while."""

    USES = 100
    AT_ONCE = 6

    def __init__(self, templates: Templates, folder: Path) -> None:
        self._templates, self._folder = templates, folder
        self._found: dict[str, Room] = {}

    @contextmanager
    def lent(self, template: str) -> Iterator[Database]:
        """Lend the room that is as this template is for one test."""
        room = self._found.pop(template, None) or Room(self._templates.copy("postgresql", self._folder, template))
        yield room.lend()
        if room.uses < self.USES and room.is_swept():
            self._found[template] = room
            if len(self._found) > self.AT_ONCE:
                self._end(self._found.pop(next(iter(self._found))))
        else:
            self._end(room)

    def _end(self, room: Room) -> None:
        room.end()
        self._templates.drop(room.url)

    def end(self) -> None:
        for room in self._found.values():
            self._end(room)
        self._found.clear()


@pytest.fixture(scope="session")
def rooms(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    found = Rooms(templates, tmp_path_factory.mktemp("rooms"))
    yield found
    found.end()
