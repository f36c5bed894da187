"""Letting an employee see a customer's contact details, because the customer agreed to something, until that is over."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.accounts.models import ContactGrant

Source = tuple[str, int]
"""What grants, such as ``("request_candidate", 7)``: its kind and its id."""


def grant_contact(session: Session, *, viewer_id: int, person_id: int, source: Source, now: datetime) -> None:
    """Let ``viewer_id`` see the contact details of ``person_id`` because of ``source``, until ``end_grants``. A second time it changes nothing.

    A grant of the same source that had ended stands again. The caller has decided that the customer agreed.
    """
    maker = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = {"viewer_id": viewer_id, "person_id": person_id, "source_type": source[0], "source_id": source[1]}
    again = {"granted_at": now, "ended_at": None}
    made = maker.insert(ContactGrant).values(**row, granted_at=now, ended_at=None)
    session.execute(made.on_conflict_do_update(index_elements=list(row), set_=again, where=ContactGrant.ended_at.is_not(None)))


def end_grants(session: Session, source: Source, now: datetime) -> int:
    """End whatever stands because of ``source``, and return how many grants that were. What was seen stays written down."""
    standing = (ContactGrant.source_type == source[0], ContactGrant.source_id == source[1], ContactGrant.ended_at.is_(None))
    ended = session.execute(update(ContactGrant).where(*standing).values(ended_at=now).returning(ContactGrant.id))
    return len(ended.all())
