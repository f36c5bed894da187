"""What the worker does about requests. Handed over in ``app.py``; each request in its own short transaction, so that one bad row holds up none."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.kernel.rows import every_row
from portal.requests.actions.ending import expire, why_unfilled
from portal.requests.actions.following import (
    ask_both,
    follow,
    half_said,
    held_requests,
    let_held_go,
    over_requests,
    settle_silence,
    unasked_meetings,
    waiting_requests,
)
from portal.requests.actions.waiting import accepted_requests, follow_accepted

EVERY_SECONDS = 300.0
AT_ONCE = 200


def follow_requests(database: Database, now: datetime) -> int:
    """Let go whom a hold that was set meanwhile keeps from being asked, remind who is silent, and look for somebody else where an ask lapsed;
    returns about how many something was done.
    """
    held = _each(database, held_requests, lambda request_id: partial(let_held_go, request_id=request_id, now=now), "let_held_go")
    return held + _each(database, waiting_requests, lambda request_id: partial(follow, request_id=request_id, now=now), "follow_requests")


def follow_agreed(database: Database, now: datetime) -> int:
    """Follow what a customer said yes to and what does not go on: nobody picks a time, or nobody says whether it is done; returns of how many."""
    return _each(database, accepted_requests, lambda request_id: partial(follow_accepted, request_id=request_id, now=now), "follow_agreed")


def expire_requests(database: Database, now: datetime) -> int:
    """End requests whose day is over; returns how many."""

    def found(session: Session, after: int, limit: int) -> list[int]:
        return over_requests(session, now, after, limit)

    def work(request_id: int) -> Callable[[Session], object]:
        with database.reading() as session:
            unfilled = why_unfilled(session, request_id, now)
        return partial(expire, request_id=request_id, unfilled=unfilled, now=now)

    return _each(database, found, work, "expire_requests")


def ask_what_happened(database: Database, now: datetime) -> int:
    """Ask both sides about meetings that are over; returns of how many."""

    def found(session: Session, after: int, limit: int) -> list[int]:
        return unasked_meetings(session, now, after, limit)

    return _each(database, found, lambda candidate_id: partial(ask_both, candidate_id=candidate_id, now=now), "ask_what_happened")


def let_words_stand(database: Database, now: datetime) -> int:
    """Let what one side said stand where the other is silent; returns how many were decided."""

    def found(session: Session, after: int, limit: int) -> list[int]:
        return half_said(session, now, after, limit)

    return _each(database, found, lambda request_id: partial(settle_silence, request_id=request_id, now=now), "let_words_stand")


def _each(database: Database, found: Callable[[Session, int, int], list[int]], work: Callable[[int], Callable[[Session], object]], job: str) -> int:
    return every_row(database, found, work, job=f"requests.{job}", at_once=AT_ONCE)
