"""Links by which a nominee answers without signing in: made, sent, recalled. One opens nothing but its own nomination."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.kernel.clock import micros
from portal.kernel.ids import new_token, token_hash
from portal.notifications.actions import notify, withdraw_mail
from portal.notifications.rules import Recipient
from portal.people.models import Person
from portal.people.queries.persons import recipient
from portal.references.models.joining import NominationLink
from portal.references.models.nominating import Nomination
from portal.references.queries.customers import proposers, sent_for
from portal.references.rules.joining import LINK_GOOD_FOR

ANSWER = "/proposal?t="


def send_link(session: Session, nomination: Nomination, person: Person, kind: str, now: datetime, mail_at: datetime | None = None) -> str:
    """Make a link and mail it, and return the path. Links of before stay good: somebody may look for the older mail."""
    token = new_token()
    session.add(NominationLink(nomination_id=nomination.id, token_hash=token_hash(token), made_at=now, expires_at=now + LINK_GOOD_FOR))
    session.flush()
    key = mail_key_of(nomination, kind, now)
    data = {
        "proposers": proposers(session, nomination.id),
        "sent_for": [list(pair) for pair in sent_for(session, nomination.id)],
        "person": person.name,
    }
    notify(session, to=_to(session, person.id), kind=kind, data=data, key=key, now=now, link=f"{ANSWER}{token}", mail_at=mail_at)
    return f"{ANSWER}{token}"


def mail_key_of(nomination: Nomination, kind: str, at: datetime) -> str:
    """Return the key of the mail that brought a link at that moment."""
    return f"nomination:{nomination.id}:{kind}:{micros(at)}"


def stop_mail(session: Session, person: Person, key: str, now: datetime) -> bool:
    """Stop the mail of a link that has not gone out; tells whether it was stopped."""
    return withdraw_mail(session, to=_to(session, person.id), key=key, now=now)


def revoke_links(session: Session, nomination_id: int, now: datetime) -> None:
    """Make every link of a nomination worth nothing."""
    mine = update(NominationLink).where(NominationLink.nomination_id == nomination_id, NominationLink.revoked_at.is_(None))
    session.execute(mine.values(revoked_at=now).execution_options(synchronize_session=False))


def _to(session: Session, person_id: int) -> Recipient:
    # Not into the inbox: the link would stay readable there.
    return replace(recipient(session, person_id), person_id=None)
