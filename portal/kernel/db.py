"""The database: engines set up so that money is safe, and the one unit of work that commits.

SQLite's driver default silently overspends under concurrency, so every write unit begins with
``BEGIN IMMEDIATE``. On PostgreSQL guarded updates at READ COMMITTED do the same work.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine, bindparam, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from portal.kernel.errors import Busy, Unreachable
from portal.kernel.outage import is_away, is_busy, name_outage

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON", "busy_timeout=10000")
_ONLY_READS = "only reads"
TIMEOUTS = "-c lock_timeout=3000 -c statement_timeout=15000 -c idle_in_transaction_session_timeout=60000"
# How long a server that does not answer is waited for, in seconds; it may be the machine that is gone, which says nothing.
PATIENCE = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
RETRIED_STATES = {"40001", "40P01"}
TRIES = 6
log = structlog.get_logger("portal")
_NO_SORT, _SORT = text("SET LOCAL enable_sort = off"), text("SET LOCAL enable_sort = on")
_TURN = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("turn"), 0)))

T = TypeVar("T")


def make_engine(url: str, *, pool_size: int = 8, statement_timeout: bool = True) -> Engine:
    """Return an engine for SQLite or PostgreSQL with the settings that the ledger relies on.

    Its errors do not quote the values of a statement: they may be addresses or one-time links, and errors are logged.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        if address.database and address.database != ":memory:":
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(address, pool_size=pool_size, max_overflow=16, hide_parameters=True, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "handle_error", name_outage)
        return engine
    address = address.set(drivername="postgresql+psycopg")
    options = {**PATIENCE, **({"options": TIMEOUTS} if statement_timeout else {})}
    engine = create_engine(address, pool_size=pool_size, max_overflow=8, pool_pre_ping=True, hide_parameters=True, connect_args=options)
    event.listen(engine, "handle_error", name_outage)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("read_only", False)
    known = connection.connection.info
    cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
    try:
        # Only where it changes: this pragma makes SQLite compile every statement of the connection anew, which costs more than most of them.
        if known.get(_ONLY_READS, False) != reading:
            cursor.execute(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
            known[_ONLY_READS] = reading
        cursor.execute("BEGIN" if reading else "BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        # SQLAlchemy wraps no error of this event. The driver has waited for the whole busy timeout by now, so another try would help nobody.
        if is_busy(error):
            raise Busy() from error
        if is_away(error):
            connection.invalidate(error)
            raise Unreachable() from error
        raise
    finally:
        cursor.close()


class Database:
    """An engine and the two ways to use it: ``reading()`` and ``write(work)``.

    Every session knows the time zone of the programme (``programme_zone``), since that is a fact of the data.
    """

    def __init__(self, url: str, *, zone: str = "Europe/Berlin", **options: Any) -> None:
        self.url = url
        self.engine = make_engine(url, **options)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, info={"zone": zone})

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def read_session(self) -> Session:
        """Return an open session in which the database itself refuses writes. The caller closes it."""
        session = self._sessions()
        session.connection(execution_options={"read_only": True} if self.is_sqlite else {"postgresql_readonly": True})
        return session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a read-only session and close it."""
        session = self.read_session()
        try:
            yield session
        finally:
            session.close()

    @contextmanager
    def snapshot(self, *, is_timed: bool = False) -> Iterator[Session]:
        """Give a read-only session that sees everything as it stood at one moment: for checks, exports and backups, which have no time limit.

        ``is_timed`` keeps the limit of a statement, for a page whose figures must agree with each other.
        """
        with self.reading() as session:
            if not self.is_sqlite:
                session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
                if not is_timed:
                    session.execute(text("SET LOCAL statement_timeout = 0"))
            yield session

    def write(self, work: Callable[[Session], T], *, tries: int = TRIES) -> T:
        """Run ``work`` in one transaction and commit; the whole of it again if the engine asks for that.

        Retried: serialization failures, deadlocks, SQLite's busy. Never retried: a unique
        violation, which is an answer. Raises ``Busy`` when the tries are used up, or no lock was to be
        had in time, ``Unreachable`` when the database is away. What ``work`` registered with ``after_commit`` runs once the commit has succeeded,
        and cannot undo or fail it.
        """
        for attempt in range(1, tries + 1):
            session = self._sessions()
            try:
                result = work(session)
                session.commit()
            except DBAPIError as error:
                session.rollback()
                if not (is_transient(error) or is_lock_timeout(error)):
                    raise
                if attempt == tries or is_lock_timeout(error):
                    raise Busy() from error
                time.sleep(random.uniform(0.005, 0.02) * 2**attempt)
            except BaseException:
                session.rollback()
                raise
            else:
                _run_hooks(session)
                return result
            finally:
                session.close()
        raise AssertionError("unreachable")

    def inform_sessions(self, **facts: Any) -> None:
        """Let every session opened from now on carry ``facts`` in its ``info``: what actions need of the installation without importing it."""
        self._sessions.kw["info"].update(facts)

    def dispose(self) -> None:
        self.engine.dispose()


def programme_zone(session: Session) -> str:
    """Return the time zone in which the programme's periods begin and end."""
    zone: str = session.info["zone"]
    return zone


def take_turn(session: Session, turn: str) -> None:
    """Wait until no other unit of work has this turn, and keep it until the end of this one: where what is decided on has no row to lock.

    Taken before any row. On SQLite the unit of work holds the write lock already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_TURN, {"turn": turn})


@contextmanager
def along_the_index(session: Session) -> Iterator[None]:
    """Let PostgreSQL read lists in the order of an index, and stop when a page is full.

    Of conditions that it has no figures for, such as what is not yet over, it thinks that next to nobody meets them, and sorts everybody.
    """
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        session.execute(_NO_SORT)
    yield
    if is_postgresql:
        session.execute(_SORT)


def after_commit(session: Session, hook: Callable[[], None]) -> None:
    """Run ``hook`` once this unit of work is committed, never if it is rolled back. One that fails is logged: what was committed stands."""
    session.info.setdefault("after_commit", []).append(hook)


def _run_hooks(session: Session) -> None:
    for hook in session.info.pop("after_commit", []):
        try:
            hook()
        except Exception as error:
            log.error("a hook after the commit failed", exc_info=error)


def is_transient(error: DBAPIError) -> bool:
    """Tell whether the engine asks to run the whole unit of work again."""
    original = error.orig
    return getattr(original, "sqlstate", None) in RETRIED_STATES or (isinstance(original, sqlite3.Error) and is_busy(original))


def is_lock_timeout(error: DBAPIError) -> bool:
    """Tell whether PostgreSQL gave up waiting for a lock."""
    return getattr(error.orig, "sqlstate", None) == "55P03"


def violated(error: IntegrityError, table: str, *columns: str, name: str | None = None) -> bool:
    """Tell whether ``error`` is the unique key over ``columns`` of ``table``.

    PostgreSQL names the constraint or index (``name``, by default from the naming convention), SQLite the columns.
    """
    diagnostics = getattr(error.orig, "diag", None)
    if diagnostics is not None:
        return bool(diagnostics.constraint_name == (name or f"uq_{table}_{'_'.join(columns)}"))
    listed = ", ".join(f"{table}.{column}" for column in columns)
    text = str(error.orig)
    return text == f"UNIQUE constraint failed: {listed}" or (name is not None and f"index '{name}'" in text)
