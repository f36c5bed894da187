"""What somebody decided in the queue, for tests of undoing it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.notifications.models import Notice, OutboxJob
from portal.notifications.rules import MAIL_TOPIC
from portal.review.models import ReviewDecision


def last_decision(session: Session, kind: str) -> int:
    """Return the id of what was decided last on a thing of this kind."""
    return session.scalars(select(ReviewDecision.id).where(ReviewDecision.kind == kind).order_by(ReviewDecision.id.desc())).first() or 0


def told(session: Session, person_id: int, *kinds: str) -> list[str]:
    """Return what a person was told, oldest first; of ``kinds`` only, where they are named."""
    found = session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id))
    return [kind for kind in found if not kinds or kind in kinds]


def open_mails(session: Session, kind: str) -> list[OutboxJob]:
    """Return the mails of a kind that are still to go out."""
    jobs = session.scalars(select(OutboxJob).where(OutboxJob.topic == MAIL_TOPIC, OutboxJob.done_at.is_(None)).order_by(OutboxJob.id))
    return [job for job in jobs if job.payload["kind"] == kind]
