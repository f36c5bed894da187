"""Notices and jobs for tests, through the real actions."""

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.notifications import leases
from portal.notifications.actions import enqueue, notify
from portal.notifications.models import Notice, OutboxJob
from portal.notifications.rules import Recipient

_numbers = count(1)
ASKED = {"asked_at": "2026-11-22T09:30:00+00:00"}


def make_recipient(**overrides: Any) -> Recipient:
    """A visitor with an address and no inbox."""
    return Recipient(**{"person_id": None, "email": f"reader{next(_numbers)}@customer.example", "name": "Rita Reader", "language": None, **overrides})


def make_notice(session: Session, person_id: int, **overrides: Any) -> Notice:
    """Tell a person something, in the inbox only."""
    key = f"notice:{next(_numbers)}"
    given = {"kind": "mail_check", "data": ASKED, "key": key, "now": utcnow(), "mail": False} | overrides
    notify(session, to=make_recipient(person_id=person_id), **given)
    return session.scalars(select(Notice).where(Notice.person_id == person_id, Notice.key == given["key"])).one()


def make_mail(session: Session, *, now: datetime | None = None, **overrides: Any) -> int:
    """Promise a mail and return its job."""
    notify(session, to=make_recipient(**overrides), kind="mail_check", data=ASKED, key=f"mail:{next(_numbers)}", now=now or utcnow(), link="/")
    return _latest(session)


def make_job(session: Session, *, topic: str = "test.topic", now: datetime | None = None, **overrides: Any) -> int:
    """Promise a job and return its id."""
    enqueue(session, **{"topic": topic, "payload": {"number": 1}, "key": None, "now": now or utcnow(), **overrides})
    return _latest(session)


def make_dead_letter(session: Session, *, error: str = "the mail server does not answer", now: datetime | None = None, **overrides: Any) -> int:
    """Promise a mail that is given up."""
    now = now or utcnow()
    job_id = make_mail(session, now=now, **overrides)
    job = leases.take(session, job_id, worker="test", now=now)
    assert job is not None
    leases.fail(session, job, error=error, wait=now - now, now=now, give_up=True)
    return job_id


def _latest(session: Session) -> int:
    return session.scalars(select(OutboxJob.id).order_by(OutboxJob.id.desc()).limit(1)).one()
