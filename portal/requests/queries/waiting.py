"""How long a request that was agreed to has waited, and for whom; and what took place outside the portal."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.requests.models import RequestCandidate, RequestMeeting, RequestOutcome, RequestOutside, RequestSlot, RequestWait
from portal.requests.rules.waiting import Wait


def wait_of(session: Session, candidate: RequestCandidate) -> Wait:
    """Return how long somebody who said yes has waited: since the yes, while nothing was written down of it."""
    row = session.get(RequestWait, candidate.id, populate_existing=True)
    if row is None:
        return Wait(candidate.answered_at or candidate.proposed_at)
    return Wait(row.since_at, row.reminded_at, row.asked_at, row.rounds, row.word, row.words or "")


def has_times(session: Session, candidate_id: int, now: datetime) -> bool:
    """Tell whether an offered time is still to come."""
    here = (RequestSlot.candidate_id == candidate_id, RequestSlot.is_offered, RequestSlot.starts_at > now)
    return session.scalar(select(RequestSlot.id).where(*here).limit(1)) is not None


def said_of(session: Session, candidate_id: int) -> dict[str, RequestOutcome]:
    """Return what each side said happened."""
    found = select(RequestOutcome).where(RequestOutcome.candidate_id == candidate_id).execution_options(populate_existing=True)
    return {one.side: one for one in session.scalars(found)}


def outside_of(session: Session, candidate_id: int) -> RequestOutside | None:
    """Return what was written down of a meeting that was arranged outside the portal, or None."""
    return session.get(RequestOutside, candidate_id, populate_existing=True)


def whole_meeting(session: Session, candidate_id: int) -> tuple[RequestMeeting | None, list[RequestSlot], dict[str, RequestOutcome]]:
    """Return the meeting of a candidate, the times that are offered, and what each side said happened."""
    offered = select(RequestSlot).where(RequestSlot.candidate_id == candidate_id, RequestSlot.is_offered).order_by(RequestSlot.starts_at)
    said = {one.side: one for one in session.scalars(select(RequestOutcome).where(RequestOutcome.candidate_id == candidate_id))}
    return session.get(RequestMeeting, candidate_id), list(session.scalars(offered)), said
