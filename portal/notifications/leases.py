"""The life of one promised job: taken under a lease, renewed, then done, tried again, dead, or handed back.

Every step is one guarded UPDATE. A lease names one attempt, so that an attempt which lost its
lease (a stopped machine that wakes up) cannot speak for the next one.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate, Update

from portal.notifications.models import OutboxJob
from portal.notifications.rules import ERROR_LENGTH, LEASE, MAX_TRIES, is_spent

_OPEN = and_(OutboxJob.done_at.is_(None), OutboxJob.dead_at.is_(None))
LOST = "The worker ended before the job was done, each time."


@dataclass(frozen=True)
class Job:
    """One attempt at a job. ``tries`` counts this one."""

    id: int
    topic: str
    payload: dict[str, Any]
    tries: int
    lease: str


def take(session: Session, job_id: int, *, worker: str, now: datetime) -> Job | None:
    """Take the job for one attempt, or return None: it is done, dead, not due yet, or somebody else's."""
    lease = f"{worker[:40]}:{uuid.uuid4().hex[:20]}"
    due = update(OutboxJob).where(OutboxJob.id == job_id, _is_due(now), OutboxJob.tries < MAX_TRIES)
    taken = due.values(lease_until=now + LEASE, leased_by=lease, tries=OutboxJob.tries + 1)
    row = _run(session, taken.returning(OutboxJob.topic, OutboxJob.payload, OutboxJob.tries)).one_or_none()
    return Job(job_id, row.topic, row.payload, row.tries, lease) if row else None


def finish(session: Session, job: Job, *, now: datetime) -> bool:
    """Mark the job as done and forget its payload. False when the lease was lost: the job will run again."""
    values: dict[str, Any] = {"done_at": now, "payload": {}, "last_error": None, "lease_until": None, "leased_by": None}
    return _count(session, _held([job.lease]).values(values)) == 1


def fail(session: Session, job: Job, *, error: str, wait: timedelta, now: datetime, give_up: bool = False) -> bool:
    """Keep the error and try again after ``wait``; dead after the last try, or at once with ``give_up``. Tells whether it is dead."""
    is_dead = give_up or is_spent(job.tries)
    values: dict[str, Any] = {"last_error": error[:ERROR_LENGTH], "lease_until": None, "leased_by": None}
    values |= {"dead_at": now} if is_dead else {"available_at": now + wait}
    return _count(session, _held([job.lease]).values(values)) == 1 and is_dead


def renew(session: Session, leases: Collection[str], *, now: datetime) -> int:
    """Prolong the leases that are still held; returns how many."""
    return _count(session, _held(leases).values(lease_until=now + LEASE)) if leases else 0


def hand_back(session: Session, leases: Collection[str], *, now: datetime) -> int:
    """Give the jobs of a worker that ends to the next one, without counting the try; returns how many."""
    if not leases:
        return 0
    return _count(session, _held(leases).values(lease_until=None, leased_by=None, tries=OutboxJob.tries - 1, available_at=now))


def due(session: Session, *, now: datetime, limit: int) -> list[int]:
    """Return the jobs whose time has come or whose lease ran out, oldest first."""
    waiting = select(OutboxJob.id).where(_is_due(now), OutboxJob.tries < MAX_TRIES)
    return list(session.scalars(waiting.order_by(OutboxJob.available_at, OutboxJob.id).limit(limit)))


def bury(session: Session, *, now: datetime) -> list[int]:
    """Make dead letters of jobs whose every worker ended in the middle, since they may be what ended them."""
    spent = update(OutboxJob).where(_is_due(now), OutboxJob.tries >= MAX_TRIES)
    values: dict[str, Any] = {"dead_at": now, "lease_until": None, "leased_by": None, "last_error": LOST}
    return list(_run(session, spent.values(values).returning(OutboxJob.id)).scalars())


def _is_due(now: datetime) -> ColumnElement[bool]:
    free = or_(OutboxJob.lease_until.is_(None), OutboxJob.lease_until <= now)
    return and_(_OPEN, OutboxJob.available_at <= now, free)


def _held(leases: Collection[str]) -> Update:
    return update(OutboxJob).where(OutboxJob.leased_by.in_(leases), _OPEN)


def _run(session: Session, statement: Update | ReturningUpdate[Any]) -> Any:
    return session.execute(statement, execution_options={"synchronize_session": False})


def _count(session: Session, statement: Update) -> int:
    count: int = _run(session, statement).rowcount
    return count
