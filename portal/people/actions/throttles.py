"""Counting tries in one table that all processes share."""

import hashlib
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kernel.db import violated
from portal.people.models import Throttle
from portal.people.rules.throttle import Limit, Tally, after_try, fresh


def count_try(session: Session, limit: Limit, subject: str, now: datetime) -> None:
    """Count one try, or refuse it (``TooManyTries``, ``TooSoon``).

    The row is changed only where it still says what was read, and read again otherwise: of two
    tries at the same moment each is counted, so parallel guesses gain nothing.
    """
    hashed = _hashed(subject)
    mine = (Throttle.scope == limit.scope, Throttle.subject_hash == hashed)
    while True:
        row = session.execute(select(Throttle.tries, Throttle.window_ends_at, Throttle.next_at).where(*mine)).one_or_none()
        if row is None:
            _begin(session, limit, hashed, now)
            continue
        after = after_try(limit, Tally(row.tries, row.window_ends_at, row.next_at), now)
        unchanged = (Throttle.tries == row.tries, Throttle.window_ends_at == row.window_ends_at, Throttle.next_at == row.next_at)
        counted = update(Throttle).where(*mine, *unchanged)
        values = {"tries": after.tries, "window_ends_at": after.window_ends_at, "next_at": after.next_at}
        if session.execute(counted.values(**values)).rowcount:  # type: ignore[attr-defined]
            return


def forget_tries(session: Session, limit: Limit, subject: str) -> None:
    """Start anew: the right password was given."""
    session.execute(delete(Throttle).where(Throttle.scope == limit.scope, Throttle.subject_hash == _hashed(subject)))


def take_back_try(session: Session, limit: Limit, subject: str) -> None:
    """Uncount one try that turned out right, so that an office behind one address can sign in."""
    mine = (Throttle.scope == limit.scope, Throttle.subject_hash == _hashed(subject), Throttle.tries > 0)
    session.execute(update(Throttle).where(*mine).values(tries=Throttle.tries - 1))


def sweep_throttles(session: Session, now: datetime) -> None:
    """Remove what no longer counts."""
    session.execute(delete(Throttle).where(Throttle.window_ends_at <= now))


def _begin(session: Session, limit: Limit, hashed: str, now: datetime) -> None:
    tally = fresh(limit, now)
    try:
        with session.begin_nested():
            session.add(Throttle(scope=limit.scope, subject_hash=hashed, tries=0, window_ends_at=tally.window_ends_at, next_at=tally.next_at))
    except IntegrityError as error:
        if not violated(error, "throttle", "scope", "subject_hash"):
            raise


def _hashed(subject: str) -> str:
    return hashlib.sha256(subject.encode("utf-8", "replace")).hexdigest()
