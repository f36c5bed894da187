"""After every test that touched points, the safe is checked: a test cannot pass and leave the books wrong."""

from collections.abc import Iterator
from functools import cache

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from portal import invariants

_ANY_ACCOUNT = text("SELECT 1 FROM account LIMIT 1")
_ANY_ASK = text("SELECT 1 FROM ask LIMIT 1")
# What a statement finds is a row of the table that its invariant names: in one that is empty there is none to look for.
_TABLES = sorted({part.table for part in invariants.ALL})
_FILLED = text("SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM {table})" for table in _TABLES))


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
    if not _has_table(session, "transfer"):
        return []
    if session.execute(_ANY_ACCOUNT).first() is None and not (_has_table(session, "ask") and session.execute(_ANY_ASK).first()):
        return []
    if not _has_table(session, "redemption"):  # A schema of old has the safe alone.
        return [problem for part in invariants.SAFE for problem in part.breaches(session)]
    filled = {table for table, is_filled in zip(_TABLES, session.execute(_FILLED).one(), strict=True) if is_filled}
    asked = [part for part in invariants.ALL if part.find or part.table in filled]
    statements = tuple(part.sql for part in asked if not part.find)
    is_broken = bool(statements) and session.connection().execute(_any_row(statements)).scalar()
    return [problem for part in asked if part.find or is_broken for problem in part.breaches(session)]


@cache
def _any_row(statements: tuple[str, ...]) -> TextClause:
    """Whether any of them finds a row, in one question: to ask each by itself took longer than what many a test does."""
    return text(f"SELECT EXISTS ({' UNION ALL '.join(f'SELECT 1 FROM ({sql}) AS x{n}' for n, sql in enumerate(statements))})")


def _has_table(session: Session, name: str) -> bool:
    connection = session.connection()
    asked = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name"
    if connection.dialect.name == "postgresql":
        asked = "SELECT to_regclass(:name)"
    return connection.execute(text(asked), {"name": name}).scalar() is not None
