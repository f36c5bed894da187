"""Reading the inbox and the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from portal.kernel.errors import NotFound
from portal.kernel.text import like_pattern
from portal.notifications.models import Notice, OutboxJob
from portal.web.paging import Page, page_by

_KIND = OutboxJob.payload["kind"].as_string()
_ADDRESS = OutboxJob.payload[("to", "email")].as_string()
_NOTICE: Any = Notice.__table__
_UNREAD = select(func.count()).where(_NOTICE.c.person_id == bindparam("person"), _NOTICE.c.read_at.is_(None))


@dataclass(frozen=True)
class OutboxState:
    """How the outbox stands: jobs that are dead, jobs that wait, and how long the longest has waited past its time."""

    dead: int
    waiting: int
    lag: timedelta


def unread_count(session: Session, person_id: int) -> int:
    """Return how many notices the person has not read."""
    found: int = session.connection().execute(_UNREAD, {"person": person_id}).scalar_one()
    return found


def inbox(session: Session, person_id: int, *, unread_only: bool, after: str | None) -> Page:
    """Return one page of the person's notices, newest first."""
    return page_by(session, _notices(person_id, unread_only), [(Notice.created_at, True), (Notice.id, True)], after=after)


def all_notices(session: Session, person_id: int, *, unread_only: bool) -> Sequence[Notice]:
    """Return all the person's notices, newest first, for the download."""
    return session.scalars(_notices(person_id, unread_only).order_by(Notice.created_at.desc(), Notice.id.desc())).all()


def notice_of(session: Session, person_id: int, notice_id: int) -> Notice:
    """Return a notice of the person; another person's is not found."""
    found = session.scalar(select(Notice).where(Notice.id == notice_id, Notice.person_id == person_id))
    if found is None:
        raise NotFound()
    return found


def matching(term: str | None, topic: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions of a search over jobs: ``term`` in the error, kind or address; ``topic`` exactly."""
    conditions: list[ColumnElement[bool]] = []
    if topic:
        conditions.append(OutboxJob.topic == topic)
    if term:
        pattern = like_pattern(term)
        conditions.append(or_(*(column.ilike(pattern, escape="\\") for column in (OutboxJob.last_error, _KIND, _ADDRESS))))
    return conditions


def dead_letters(session: Session, *, term: str | None, topic: str | None, after: str | None) -> Page:
    """Return one page of dead letters, the latest first."""
    return page_by(session, _dead(term, topic), [(OutboxJob.dead_at, True), (OutboxJob.id, True)], after=after)


def all_dead_letters(session: Session, *, term: str | None, topic: str | None) -> Sequence[OutboxJob]:
    """Return all dead letters that match, for the download."""
    return session.scalars(_dead(term, topic).order_by(OutboxJob.dead_at.desc(), OutboxJob.id.desc())).all()


def dead_topics(session: Session) -> Sequence[str]:
    """Return the topics of which there are dead letters."""
    return session.scalars(select(OutboxJob.topic).where(OutboxJob.dead_at.is_not(None)).distinct().order_by(OutboxJob.topic)).all()


def outbox_state(session: Session, *, now: datetime) -> OutboxState:
    """Return how the outbox stands. A job that somebody works on, or that waits for its next try, is not late."""
    is_open = and_(OutboxJob.done_at.is_(None), OutboxJob.dead_at.is_(None))
    is_free = or_(OutboxJob.lease_until.is_(None), OutboxJob.lease_until <= now)
    waiting, oldest = session.execute(
        select(func.count(), func.min(OutboxJob.available_at).filter(is_free, OutboxJob.available_at <= now)).where(is_open)
    ).one()
    dead = session.execute(select(func.count()).where(OutboxJob.dead_at.is_not(None))).scalar_one()
    return OutboxState(dead, waiting, now - oldest if oldest else timedelta(0))


def _notices(person_id: int, unread_only: bool) -> Select[Notice]:
    found = select(Notice).where(Notice.person_id == person_id)
    return found.where(Notice.read_at.is_(None)) if unread_only else found


def _dead(term: str | None, topic: str | None) -> Select[OutboxJob]:
    return select(OutboxJob).where(OutboxJob.dead_at.is_not(None), *matching(term, topic))
