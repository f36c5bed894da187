"""After every test that touched points, the safe is checked: a test cannot pass and leave the books wrong."""

from collections.abc import Iterator

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from portal import invariants


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "breaks_the_books(reason): the test damages ledger rows on purpose, so they are not checked after it")


@pytest.fixture(autouse=True)
def books_are_right(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the list of invariants on what the test leaves in its database, committed or still open in ``session``."""
    used = {"session", "database"} & set(request.fixturenames)
    if not used or request.node.get_closest_marker("breaks_the_books"):
        yield
        return
    # Asked for here, so that they are still open when this fixture ends.
    database = request.getfixturevalue("database")
    session = request.getfixturevalue("session") if "session" in used else None
    yield
    if session is not None and session.in_transaction() and _is_usable(session):
        problems = _problems(session)
    else:
        with database.reading() as reading:
            problems = _problems(reading)
    assert problems == [], "the books are wrong:\n" + "\n".join(map(str, problems))


def _is_usable(session: Session) -> bool:
    """A transaction that failed on PostgreSQL answers nothing more, and nothing of it will stay."""
    if not session.is_active:
        return False
    driver = session.connection().connection.driver_connection
    status = getattr(getattr(driver, "info", None), "transaction_status", None)
    return status is not TransactionStatus.INERROR


def _problems(session: Session) -> list[object]:
    if not inspect(session.connection()).has_table("transfer") or session.execute(text("SELECT 1 FROM account LIMIT 1")).first() is None:
        return []
    # A schema of old has the safe alone.
    parts = invariants.ALL if inspect(session.connection()).has_table("redemption") else invariants.SAFE
    return [problem for part in parts for problem in part.breaches(session)]
