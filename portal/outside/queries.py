"""Reads of events: those that wait for a member, one, and the admins' list."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session, aliased

from portal.kernel.text import fold, like_pattern, normal_email
from portal.outside.models import EventUse, OutsideEvent
from portal.outside.rules import EventUnknown, Outcome
from portal.people.models import Person
from portal.web.paging import AnySelect, Page, page_by

_USE = select(EventUse.id).where(EventUse.event_id == OutsideEvent.id, EventUse.released_at.is_(None)).correlate(OutsideEvent)
_ByEmail = aliased(Person)
# The name of an API token by its id, as (session, token_id) -> name.
NameOfToken = Callable[[Session, int], str]


def get_event(session: Session, event_id: int) -> OutsideEvent:
    """Return the event. Raises ``EventUnknown``."""
    found = session.get(OutsideEvent, event_id)
    if found is None:
        raise EventUnknown()
    return found


def events_for(session: Session, person: Person, codes: Collection[str]) -> Sequence[OutsideEvent]:
    """Return the unused events of a member with one of ``codes``, by number or by their address now, in the order in which they happened."""
    theirs = OutsideEvent.person_id == person.id
    if person.email_key is not None:
        theirs |= (OutsideEvent.email_key == person.email_key) & OutsideEvent.person_id.is_(None)
    free = (theirs, OutsideEvent.code.in_(codes), OutsideEvent.dropped_at.is_(None), ~_USE.exists())
    return session.scalars(select(OutsideEvent).where(*free).order_by(OutsideEvent.happened_at, OutsideEvent.id).limit(100)).all()


def use_of(session: Session, event_id: int) -> EventUse | None:
    """Return what an event completed, or None."""
    return session.scalar(select(EventUse).where(EventUse.event_id == event_id, EventUse.released_at.is_(None)))


def owner_of(session: Session, event: OutsideEvent) -> Person | None:
    """Return whose event it is: known when it came, or by their address now; None while nobody has it."""
    if event.person_id is not None:
        return session.get(Person, event.person_id)
    return session.scalar(select(Person).where(Person.email_key == event.email_key))


def _state(state: str, codes: Collection[str]) -> ColumnElement[bool]:
    """Return the condition of a state; ``codes`` are those that some step asks for."""
    if state == Outcome.MATCHED:
        return _USE.exists()
    is_known = OutsideEvent.code.in_(codes) & (Person.id.is_not(None) | _ByEmail.id.is_not(None)) & OutsideEvent.dropped_at.is_(None)
    return ~_USE.exists() & (is_known if state == Outcome.WAITING else ~is_known)


def _events(*, codes: Collection[str], q: str = "", state: str = "") -> AnySelect:
    used = _USE.exists().label("is_used")
    columns = (OutsideEvent, func.coalesce(Person.name, _ByEmail.name).label("person"), func.coalesce(Person.id, _ByEmail.id).label("owner_id"), used)
    found: AnySelect = select(*columns).outerjoin(Person, Person.id == OutsideEvent.person_id)
    found = found.outerjoin(_ByEmail, (_ByEmail.email_key == OutsideEvent.email_key) & OutsideEvent.person_id.is_(None))
    if state:
        found = found.where(_state(state, codes))
    for word in q.split():
        name, plain = like_pattern(fold(word)), like_pattern(normal_email(word) or "")
        by_text = OutsideEvent.code.like(plain, escape="\\") | OutsideEvent.email_key.like(plain, escape="\\")
        found = found.where(by_text | Person.name_key.like(name, escape="\\") | _ByEmail.name_key.like(name, escape="\\"))
    return found


def list_events(session: Session, *, codes: Collection[str], after: str | None = None, **filters: Any) -> Page:
    """Return one page of (OutsideEvent, person, owner_id, is_used), the newest first."""
    keys = [(OutsideEvent.received_at, True), (OutsideEvent.id, True)]
    return page_by(session, _events(codes=codes, **filters), keys, after=after)


def count_events(session: Session, codes: Collection[str]) -> dict[str, int]:
    """Return how many events there are in each state."""
    base = _events(codes=codes).with_only_columns(func.count())
    return {state.value: session.scalar(base.where(_state(state, codes) if state else true())) or 0 for state in Outcome}


def state_of(event: OutsideEvent, *, is_used: bool, is_somebodys: bool, codes: Collection[str]) -> Outcome:
    """Return how an event stands."""
    if is_used:
        return Outcome.MATCHED
    return Outcome.WAITING if is_somebodys and event.code in codes and event.dropped_at is None else Outcome.UNMATCHED


def sender_of(session: Session, event: OutsideEvent) -> str:
    """Return the name of the token that brought an event, empty for an import. The room of tokens stands above, so ``app.py`` hands its names in."""
    asked: NameOfToken | None = session.info.get("name_of_token")
    return asked(session, event.token_id) if asked and event.token_id is not None else ""
