"""Verbs of events: keep one, use it, release what was used. Whether it fits is decided in the rooms above."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed
from portal.kernel.text import normal_email
from portal.outside.models import EventUse, OutsideEvent
from portal.outside.rules import KEPT_STRANGERS, EventDiffers, EventUnknown, Heard, Outcome, PersonNumberUnknown, require_event
from portal.people.models import Person
from portal.people.queries.persons import find_person_by_email


def see_stranger(session: Session, actor: Actor, *, event_id: int, now: datetime) -> str:
    """Return the address with which an event came, and write down that an admin saw it: who has it may be no person whose log could hold that.

    Refuses who is no admin, and what there is not, or not any more (``EventUnknown``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    event = session.get(OutsideEvent, event_id)
    if event is None or not event.email:
        raise EventUnknown()
    record(session, actor, "outside_event.contact_seen", "outside_event", event.id, now=now)
    return event.email


def keep_event(session: Session, *, source: str, heard: Heard, token_id: int | None = None, now: datetime) -> tuple[OutsideEvent, bool]:
    """Keep an event and tell whether it is new; the same id of the same source is the same event, at whatever moment eight send it.

    Refuses what ``require_event`` refuses, an id that was used for something else (``EventDiffers``), and the number of
    nobody (``PersonNumberUnknown``): whoever gets that number one day is somebody else.
    """
    heard = require_event(heard, now)
    same = select(OutsideEvent).where(OutsideEvent.source == source, OutsideEvent.given_id == heard.id)
    known = session.scalar(same)
    if known is not None:
        return _same(known, heard), False
    person = session.get(Person, heard.person_id) if heard.person_id else find_person_by_email(session, heard.email)
    if person is None and heard.person_id:
        raise PersonNumberUnknown()
    facts = {"person_id": person.id if person else None, "email": heard.email, "email_key": normal_email(heard.email)}
    said = {"code": heard.code, "digest": heard.digest, "data": dict(heard.data), "happened_at": heard.happened_at, "received_at": now}
    made = OutsideEvent(source=source, token_id=token_id, given_id=heard.id, **facts, **said, outcome=Outcome.UNMATCHED)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if violated(error, "outside_event", "source", "given_id"):
            return _same(session.scalars(same).one(), heard), False
        raise
    return made, True


def use_event(session: Session, *, event_id: int, submission_id: int, stage_id: int, now: datetime, used_by_id: int | None = None) -> bool:
    """Let an event complete a step; tells whether it could.

    Not if it counts no more, has completed another, or the step was completed by another. Its row is locked, after that of the
    submission: an import that is undone at this moment is waited for, or waits.
    """
    if lock_event(session, event_id).dropped_at is not None:
        return False
    made = EventUse(event_id=event_id, submission_id=submission_id, stage_id=stage_id, used_at=now, used_by_id=used_by_id)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if violated(error, "event_use", "event_id", name="uq_event_use_event_id"):
            return False
        if violated(error, "event_use", "submission_id", "stage_id", name="uq_event_use_step"):
            return False
        raise
    return True


def lock_event(session: Session, event_id: int) -> OutsideEvent:
    """Return an event as it stands now, its row locked until the end of the unit of work. Raises ``EventUnknown``."""
    locked = select(OutsideEvent).where(OutsideEvent.id == event_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    found = session.scalar(locked)
    if found is None:
        raise EventUnknown()
    return found


def release_events(session: Session, *, submission_id: int, now: datetime) -> None:
    """Let the events that a submission had used be used again: it was withdrawn."""
    used = update(EventUse).where(EventUse.submission_id == submission_id, EventUse.released_at.is_(None))
    session.execute(used.values(released_at=now).execution_options(synchronize_session=False))


def release_event(session: Session, *, event_id: int, now: datetime) -> None:
    """Let an event that completed a step by mistake be used again."""
    used = update(EventUse).where(EventUse.event_id == event_id, EventUse.released_at.is_(None))
    session.execute(used.values(released_at=now).execution_options(synchronize_session=False))


def drop_event(session: Session, *, event_id: int, now: datetime) -> bool:
    """Let an event that an import brought count no more; tells whether it could: what has completed a step stays."""
    lock_event(session, event_id)
    used = select(EventUse.id).where(EventUse.event_id == OutsideEvent.id, EventUse.released_at.is_(None))
    dropped = update(OutsideEvent).where(OutsideEvent.id == event_id, ~used.exists()).values(dropped_at=now).returning(OutsideEvent.id)
    return session.scalar(dropped.execution_options(synchronize_session=False)) is not None


def forget_strangers(session: Session, *, now: datetime) -> int:
    """Remove address and data of old events of people who never came here; returns of how many. They count no more."""
    used = select(EventUse.id).where(EventUse.event_id == OutsideEvent.id, EventUse.released_at.is_(None))
    here = select(Person.id).where(Person.email_key == OutsideEvent.email_key)
    old = (OutsideEvent.received_at <= now - KEPT_STRANGERS, OutsideEvent.person_id.is_(None), OutsideEvent.email_key.is_not(None))
    session.execute(select(OutsideEvent.id).where(*old).with_for_update(key_share=True)).close()
    forgotten = update(OutsideEvent).where(*old, ~used.exists(), ~here.exists()).values(email=None, email_key=None, data={}, dropped_at=now)
    return session.execute(forgotten.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined,no-any-return]


def _same(known: OutsideEvent, heard: Heard) -> OutsideEvent:
    if known.digest != heard.digest:
        raise EventDiffers()
    return known
