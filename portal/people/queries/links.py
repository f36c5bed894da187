"""Looking at a one-time link without using it up."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.ids import token_hash
from portal.people.models import OneTimeLink, Person
from portal.people.rules.link import LinkSpent, Purpose


def holder_of(session: Session, token: str, purpose: Purpose, now: datetime) -> tuple[Person, str | None]:
    """Return whom an open link is for, and its new address. Refuses with ``LinkSpent``. Changes nothing: mail scanners open links too."""
    good = (OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now)
    row = session.execute(
        select(Person, OneTimeLink.new_email)
        .join(OneTimeLink, OneTimeLink.person_id == Person.id)
        .where(OneTimeLink.token_hash == token_hash(token), OneTimeLink.purpose == purpose, *good)
    ).one_or_none()
    if row is None:
        raise LinkSpent()
    return row[0], row[1]
