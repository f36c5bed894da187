"""Reading the inbox and the outbox."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.notifications.models import Notice


def unread_count(session: Session, person_id: int) -> int:
    """Return how many notices the person has not read."""
    return session.execute(select(func.count()).where(Notice.person_id == person_id, Notice.read_at.is_(None))).scalar_one()
