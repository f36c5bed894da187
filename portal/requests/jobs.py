"""What the worker does about requests. Handed over in ``app.py``; each request in its own short transaction."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.requests.actions.ending import expire
from portal.requests.actions.following import (
    ask_both,
    follow,
    half_said,
    over_requests,
    settle_silence,
    unasked_meetings,
    waiting_requests,
)

EVERY_SECONDS = 300.0
AT_ONCE = 200


def follow_requests(database: Database, now: datetime) -> int:
    """Remind who is silent, and look for somebody else where an ask lapsed; returns about how many something was done."""
    return _each(database, waiting_requests, lambda request_id: partial(_follow, request_id=request_id, now=now))


def expire_requests(database: Database, now: datetime) -> int:
    """End requests whose day is over; returns how many."""
    with database.reading() as session:
        found = over_requests(session, now, AT_ONCE)
    return sum(database.write(partial(_expire, request_id=request_id, now=now)) for request_id in found)


def ask_what_happened(database: Database, now: datetime) -> int:
    """Ask both sides about meetings that are over; returns of how many."""
    with database.reading() as session:
        found = unasked_meetings(session, now, AT_ONCE)
    return sum(database.write(partial(_ask_both, candidate_id=candidate_id, now=now)) for candidate_id in found)


def let_words_stand(database: Database, now: datetime) -> int:
    """Let what one side said stand where the other is silent; returns how many were decided."""

    def found(session: Session, after: int, limit: int) -> list[int]:
        return half_said(session, now, after, limit)

    return _each(database, found, lambda request_id: partial(_settle, request_id=request_id, now=now))


def _each(database: Database, found: Callable[[Session, int, int], list[int]], work: Callable[[int], Callable[[Session], bool]]) -> int:
    total, after = 0, 0
    while True:
        with database.reading() as session:
            some = found(session, after, AT_ONCE)
        total += sum(database.write(work(one)) for one in some)
        if len(some) < AT_ONCE:
            return total
        after = some[-1]


def _follow(session: Session, *, request_id: int, now: datetime) -> bool:
    return bool(follow(session, request_id=request_id, now=now))


def _expire(session: Session, *, request_id: int, now: datetime) -> bool:
    return expire(session, request_id=request_id, now=now)


def _ask_both(session: Session, *, candidate_id: int, now: datetime) -> bool:
    return ask_both(session, candidate_id=candidate_id, now=now)


def _settle(session: Session, *, request_id: int, now: datetime) -> bool:
    return settle_silence(session, request_id=request_id, now=now)
