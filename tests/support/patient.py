"""A database whose locks are waited for as long as it takes, so that many threads at once cannot be told "busy" by a slow machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from portal.kernel.db import Database


@contextmanager
def patient(database: Database) -> Iterator[Database]:
    """Give the same database without a limit on waiting."""
    found = Database(database.url, statement_timeout=False)
    if found.is_sqlite:
        event.listen(found.engine, "connect", _wait)
    yield found
    found.dispose()


def _wait(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA busy_timeout=300000")
