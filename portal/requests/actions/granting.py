"""Who may see a customer's contact details because of a request: the requester, from the yes to the end. One place writes it."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.accounts.models import ContactGrant, ContactView
from portal.kernel.actor import Actor
from portal.people.models import Person
from portal.requests.actions.moving import SOURCE


def grant_contact(session: Session, *, viewer_id: int, person_id: int, request_id: int, now: datetime) -> None:
    """Let somebody see contact details as long as the request goes on; once more is nothing, and one that ended stands again."""
    same = (ContactGrant.viewer_id == viewer_id, ContactGrant.person_id == person_id)
    source = (ContactGrant.source_type == SOURCE, ContactGrant.source_id == request_id)
    row = session.scalar(select(ContactGrant).where(*same, *source).with_for_update())
    if row is None:
        session.add(ContactGrant(viewer_id=viewer_id, person_id=person_id, source_type=SOURCE, source_id=request_id, granted_at=now))
    else:
        row.granted_at, row.ended_at = (now, None) if row.ended_at is not None else (row.granted_at, None)
    session.flush()


def see_contact(session: Session, actor: Actor, *, person_id: int, place: str, now: datetime) -> Person:
    """Return a customer's person for who may see how to reach them, and note that it was seen. Whether they may is asked before."""
    session.add(ContactView(person_id=person_id, viewer_id=actor.id, place=place, at=now))
    session.flush()
    return session.get_one(Person, person_id)


def end_grants(session: Session, *, request_id: int, now: datetime) -> None:
    """End what a request granted."""
    here = update(ContactGrant).where(ContactGrant.source_type == SOURCE, ContactGrant.source_id == request_id, ContactGrant.ended_at.is_(None))
    session.execute(here.values(ended_at=now).execution_options(synchronize_session=False))
