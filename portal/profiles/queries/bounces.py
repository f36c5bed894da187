"""Mails to references that a mail server refused for good."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.text import normal_email
from portal.notifications.models import OutboxJob
from portal.notifications.rules import MAIL_TOPIC
from portal.people.queries.persons import people_by_email
from portal.profiles.models import ReferenceProfile

REFUSED = "The mail server refuses this address: 5%"
"""What ``notifications.senders`` writes for an address that is refused for good."""


def bounced(session: Session, limit: int) -> list[int]:
    """Return people with a profile to whose present address a mail could not be delivered since the profile was verified."""
    dead = select(OutboxJob.payload, OutboxJob.dead_at).where(OutboxJob.dead_at.is_not(None), OutboxJob.topic == MAIL_TOPIC)
    last: dict[str, object] = {}
    for payload, dead_at in session.execute(dead.where(OutboxJob.last_error.like(REFUSED)).order_by(OutboxJob.id.desc()).limit(limit)):
        last.setdefault(normal_email(payload.get("to", {}).get("email")) or "", dead_at)
    people = {person_id: last[email] for email, person_id in people_by_email(session, last).items()}
    found = select(ReferenceProfile.person_id, ReferenceProfile.verified_at).where(ReferenceProfile.person_id.in_(people))
    return [row.person_id for row in session.execute(found) if row.verified_at is None or row.verified_at < people[row.person_id]]
