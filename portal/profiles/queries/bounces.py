"""Mails to references that a mail server refused for good."""

from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.notifications.models import OutboxJob
from portal.notifications.rules import MAIL_TOPIC
from portal.people.models import Person
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.states import Status

REFUSED = "The mail server refuses this address: 5%"
"""What ``notifications.senders`` writes for an address that is refused for good."""
_ADDRESS = func.lower(OutboxJob.payload[("to", "email")].as_string())


def bounced(session: Session, today: date, limit: int) -> list[int]:
    """Return people in use as references to whose present address a mail could not be delivered since the profile was verified.

    Who is asked about already for a reason is left out, so that of however many mails that came back none hides another.
    """
    row = ReferenceProfile
    dead = (OutboxJob.dead_at.is_not(None), OutboxJob.topic == MAIL_TOPIC, OutboxJob.last_error.like(REFUSED))
    found = select(row.person_id).join(Person, Person.id == row.person_id).join(OutboxJob, Person.email_key == _ADDRESS).where(*dead)
    news = found.where(row.status.in_((Status.ACTIVE, Status.RESTING)), or_(row.verified_at.is_(None), row.verified_at < OutboxJob.dead_at))
    unasked = news.where(or_(row.verify_on.is_(None), row.verify_on > today, row.verify_why == ""))
    return list(session.scalars(unasked.distinct().order_by(row.person_id).limit(limit)))
