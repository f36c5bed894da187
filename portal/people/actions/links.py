"""Making and spending one-time links. The token travels in the link only; the table holds its hash."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from portal.kernel.ids import new_token, token_hash
from portal.people.models import OneTimeLink, Person
from portal.people.rules.link import LinkSpent, Purpose, expiry


def make_link(session: Session, *, person_id: int, purpose: Purpose, new_email: str | None = None, now: datetime) -> str:
    """Make a link and return its token."""
    token = new_token()
    session.add(
        OneTimeLink(
            person_id=person_id, purpose=purpose, token_hash=token_hash(token), new_email=new_email, created_at=now, expires_at=expiry(purpose, now)
        )
    )
    session.flush()
    return token


def spend_link(session: Session, *, token: str, purpose: Purpose, now: datetime) -> tuple[Person, str | None]:
    """Use a link up and return its person and new address. Exactly one caller gets it; everybody else ``LinkSpent``."""
    spent = session.execute(
        update(OneTimeLink)
        .where(
            OneTimeLink.token_hash == token_hash(token),
            OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeLink.person_id, OneTimeLink.new_email)
    ).one_or_none()
    if spent is None:
        raise LinkSpent()
    person = session.get(Person, spent.person_id)
    assert person is not None
    return person, spent.new_email


def drop_links(session: Session, person_id: int, *purposes: Purpose) -> None:
    """Make the person's open links of these purposes worthless."""
    session.execute(
        delete(OneTimeLink).where(
            OneTimeLink.person_id == person_id, OneTimeLink.purpose.in_(purposes or tuple(Purpose)), OneTimeLink.used_at.is_(None)
        )
    )
