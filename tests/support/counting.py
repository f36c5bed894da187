"""Counting the SQL a page asks for, so that a list never asks once more for each of its rows."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event

from portal.kernel.db import Database

# No page's own: the marks of a transaction, and that a session was used, which is noted once a minute.
IGNORED = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SAVEPOINT", "RELEASE", "SET ", "SHOW ", "UPDATE SIGN_IN_SESSION SET LAST_SEEN_AT")


class Counted:
    """What was asked of the database while it was watched."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    @property
    def total(self) -> int:
        return len(self.statements)

    def note(self, _conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(IGNORED):
            self.statements.append(" ".join(statement.split()))

    def __repr__(self) -> str:
        return f"{self.total} statements:\n" + "\n".join(self.statements)


CountQueries = Callable[..., AbstractContextManager[Counted]]


@pytest.fixture
def count_queries(request: pytest.FixtureRequest) -> CountQueries:
    """``with count_queries() as counted:`` watches the test's databases: the fixture's own and the application's."""

    def engines() -> list[Engine]:
        found: list[Engine] = []
        if "database" in request.fixturenames:
            database: Database = request.getfixturevalue("database")
            found.append(database.engine)
        if "app" in request.fixturenames:
            app: Flask = request.getfixturevalue("app")
            found.append(app.extensions["database"].engine)
        return list(dict.fromkeys(found))

    @contextmanager
    def counting(*watched: Engine) -> Iterator[Counted]:
        counted = Counted()
        targets = watched or tuple(engines())
        for engine in targets:
            event.listen(engine, "before_cursor_execute", counted.note)
        try:
            yield counted
        finally:
            for engine in targets:
                event.remove(engine, "before_cursor_execute", counted.note)

    return counting
