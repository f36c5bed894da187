"""Promising jobs, telling people, and reading what was told. Runs inside the transaction of what is told about."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.kernel.db import after_commit
from portal.kernel.errors import NotFound
from portal.notifications import queries
from portal.notifications.models import Notice, OutboxJob
from portal.notifications.rules import MAIL_TOPIC, NotADeadLetter, Recipient, Recorder, mail_key, require_header_safe, require_path

Wake = Callable[[list[int]], None]
_WITHHELD = "mail_withheld"
_UNTOUCHED = (OutboxJob.done_at.is_(None), OutboxJob.dead_at.is_(None), OutboxJob.leased_by.is_(None), OutboxJob.tries == 0)


def notify(
    session: Session,
    *,
    to: Recipient,
    kind: str,
    data: dict[str, Any],
    key: str,
    now: datetime,
    link: str | None = None,
    mail: bool = True,
    mail_at: datetime | None = None,
    calendar: dict[str, Any] | None = None,
    answers_to: Recipient | None = None,
) -> None:
    """Tell ``to`` what happened: a line in the inbox of a person, a mail to an address, both in this transaction.

    ``kind`` is the folder ``templates/emails/<kind>/``, ``data`` what its templates need (JSON), ``link`` a
    path such as ``/challenges/3``. The same ``key`` to the same recipient a second time is nothing. Refuses
    line breaks in name and address. ``mail_at`` keeps the mail back until then, so that ``withdraw_mail`` can still stop it.
    ``calendar`` is an ``Entry.to_json`` of ``rules``: the mail then carries it, with the words of the kind's ``calendar.txt``.
    ``answers_to`` is who reads an answer to the mail (its Reply-To), if that is a person with an address.
    """
    require_path(link)
    require_header_safe(to.name, to.email)
    require_header_safe(answers_to.name if answers_to else None, answers_to.email if answers_to else None)
    if to.person_id is not None:
        row = {"person_id": to.person_id, "kind": kind, "data": data, "link": link, "key": key, "created_at": now, "read_at": None}
        _insert_once(session, Notice, row, ["person_id", "key"])
    if mail and to.email and not session.info.get(_WITHHELD):
        address = {"person_id": to.person_id, "email": to.email, "name": to.name, "language": to.language}
        payload = {"to": address, "kind": kind, "data": data, "link": link, "stamp": micros(now)}
        payload |= {"calendar": calendar} if calendar else {}
        payload |= {"answers_to": {"email": answers_to.email, "name": answers_to.name}} if answers_to and answers_to.email else {}
        enqueue(session, topic=MAIL_TOPIC, payload=payload, key=mail_key(key, to), now=now, available_at=mail_at)


def withdraw_mail(session: Session, *, to: Recipient, key: str, now: datetime) -> bool:
    """Stop a mail that was promised for later and that no worker has touched; tells whether it was stopped. What was sent cannot be."""
    stopped = update(OutboxJob).where(OutboxJob.key == mail_key(key, to), *_UNTOUCHED).values(done_at=now, payload={}).returning(OutboxJob.id)
    return session.execute(stopped, execution_options={"synchronize_session": False}).first() is not None


def unsay(session: Session, *, to: Recipient, key: str, since: datetime) -> None:
    """Take back what was told under ``key`` since a moment: the line in the inbox, and the mail that no worker has touched.

    Told again later, it is told as if for the first time.
    """
    session.execute(delete(Notice).where(Notice.person_id == to.person_id, Notice.key == key, Notice.created_at > since))
    session.execute(delete(OutboxJob).where(OutboxJob.key == mail_key(key, to), OutboxJob.created_at > since, *_UNTOUCHED))


@contextmanager
def withhold_mail(session: Session) -> Iterator[None]:
    """Let ``notify`` tell inboxes only, as long as this holds: for what is told about is long past, as in the demo programme."""
    session.info[_WITHHELD] = True
    try:
        yield
    finally:
        session.info.pop(_WITHHELD)


def enqueue(session: Session, *, topic: str, payload: dict[str, Any], key: str | None, now: datetime, available_at: datetime | None = None) -> None:
    """Promise a job: it runs at least once after this transaction commits, never if it rolls back.

    ``topic`` names the handler handed over in ``app.py`` (``JOBS``), ``payload`` is JSON. A ``key`` that was
    used before is nothing. ``available_at`` is the earliest moment, now if not given.
    """
    row = {"topic": topic, "payload": payload, "key": key, "created_at": now, "available_at": available_at or now, "tries": 0}
    made = _insert_once(session, OutboxJob, row, ["key"])
    if made is not None and (available_at is None or available_at <= now):
        _wake_after_commit(session, made)


def wait_from(session: Session, *, now: datetime) -> None:
    """Let every job that waits wait from ``now`` on: for what is told about is long past, as in the demo programme, and nobody was late with it."""
    session.execute(update(OutboxJob).where(OutboxJob.done_at.is_(None), OutboxJob.available_at < now).values(available_at=now))


def mark_read(session: Session, *, person_id: int, notice_id: int, now: datetime) -> bool:
    """Mark one notice of the person as read. Tells whether it was unread; another person's notice is not touched."""
    mine = update(Notice).where(Notice.id == notice_id, Notice.person_id == person_id, Notice.read_at.is_(None))
    return session.execute(mine.values(read_at=now)).rowcount == 1  # type: ignore[attr-defined,no-any-return]


def mark_all_read(session: Session, *, person_id: int, now: datetime) -> int:
    """Mark all notices of the person as read and return how many were not."""
    mine = update(Notice).where(Notice.person_id == person_id, Notice.read_at.is_(None))
    return session.execute(mine.values(read_at=now)).rowcount  # type: ignore[attr-defined,no-any-return]


def retry_job(session: Session, actor: Actor, *, job_id: int, now: datetime, record: Recorder) -> None:
    """Give a dead letter ten new tries. Refuses one that is not dead any more."""
    if not _revive(session, OutboxJob.id == job_id, now=now):
        if session.scalar(select(OutboxJob.id).where(OutboxJob.id == job_id)) is None:
            raise NotFound()
        raise NotADeadLetter()
    record(session, actor, "job.retried", "job", job_id, now=now)


def retry_jobs(session: Session, actor: Actor, *, term: str | None, topic: str | None, now: datetime, record: Recorder) -> int:
    """Give all dead letters that match the filter ten new tries and return how many they are."""
    revived = _revive(session, *queries.matching(term, topic), now=now)
    if revived:
        record(session, actor, "jobs.retried", "job", None, now=now, jobs=len(revived), term=term, topic=topic)
    return len(revived)


def _revive(session: Session, *which: ColumnElement[bool], now: datetime) -> list[int]:
    dead = update(OutboxJob).where(OutboxJob.dead_at.is_not(None), *which)
    revived = dead.values(dead_at=None, tries=0, available_at=now).returning(OutboxJob.id)
    found = list(session.execute(revived, execution_options={"synchronize_session": False}).scalars())
    for job_id in found:
        _wake_after_commit(session, job_id)
    return found


def _insert_once(session: Session, model: type[Notice] | type[OutboxJob], row: dict[str, Any], unique: list[str]) -> int | None:
    """Insert ``row`` and return its id, or None where the unique key exists: also when another transaction is just writing it."""
    maker = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = maker(model).values(**row).on_conflict_do_nothing(index_elements=unique).returning(model.id)
    return session.execute(statement).scalar_one_or_none()


def _wake_after_commit(session: Session, job_id: int) -> None:
    """Hand the jobs of this unit of work to the engine, all at once, when it has committed. A lost call only costs the sweeper's wait."""
    wake: Wake | None = session.info.get("wake")
    if wake is None:
        return
    waiting: list[int] = session.info.setdefault("woken", [])
    if not waiting:
        after_commit(session, lambda: wake(session.info.pop("woken", [])))
    waiting.append(job_id)
