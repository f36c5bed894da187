"""Telling an outage from a mistake: the database is stopped or starting, its file cannot be opened, a lock is kept from readers."""

import sqlite3

from sqlalchemy.engine import ExceptionContext

from portal.kernel.errors import Busy, Unreachable

# The server shuts down, crashed, is starting, or takes no more connections; class 08 is the connection itself.
AWAY_STATES = {"57P01", "57P02", "57P03", "53300"}
# The file may not be opened or read.
SQLITE_AWAY = {sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def name_outage(context: ExceptionContext) -> Exception | None:
    """Return what to raise instead of a driver's words, or None where they say something else than an outage.

    Given to an engine as its ``handle_error``. A connection that is only being tried before use (pre-ping) is left to the pool,
    which opens a new one.
    """
    if context.is_pre_ping:
        return None
    error = context.original_exception
    if isinstance(error, sqlite3.Error):
        context.is_disconnect = context.is_disconnect or is_away(error)
        return Unreachable() if is_away(error) else Busy() if _is_busy_for_reading(context, error) else None
    state = getattr(error, "sqlstate", None) or ""
    never_came = context.connection is None and context.sqlalchemy_exception is not None
    return Unreachable() if never_came or context.is_disconnect or state in AWAY_STATES or state.startswith("08") else None


def is_away(error: sqlite3.Error) -> bool:
    """Tell whether SQLite cannot get at its file."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_AWAY


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether SQLite waited in vain for a lock."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_BUSY


def _is_busy_for_reading(context: ExceptionContext, error: sqlite3.Error) -> bool:
    """A write that is kept from the lock is run again by its unit of work; a reader or a new connection has waited long enough."""
    return is_busy(error) and (context.connection is None or bool(context.connection.get_execution_options().get("read_only")))
