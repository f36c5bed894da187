"""What an admin decided of what happened, and who can put it right."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.audit.models import AuditEvent
from portal.notifications.rules import Recipient
from portal.people.models import Person
from portal.people.queries.persons import admins
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.rules.states import KEEPS_SLOT

SUBJECT = "reference_request"
RULED, PUT_RIGHT = "request.ruled_on", "request.put_right"


@dataclass(frozen=True)
class Ruling:
    """What an admin decided last: ``name`` is theirs, ``reason`` what they wrote, ``is_again`` that it puts right what was written down."""

    person_id: int
    name: str
    came: bool
    reason: str
    at: datetime
    is_again: bool


def ruling_of(session: Session, candidate: RequestCandidate) -> Ruling | None:
    """Return what an admin decided of a candidate whose meeting is settled; None where both said the same, or one was silent."""
    if candidate.state not in KEEPS_SLOT:
        return None
    names = AuditEvent.name.in_((RULED, PUT_RIGHT))
    found = (
        select(AuditEvent.data, AuditEvent.at, AuditEvent.name, Person.id, Person.name)
        .join(Person, Person.id == AuditEvent.actor_id)
        .where(AuditEvent.subject_type == SUBJECT, AuditEvent.subject_id == candidate.request_id, names)
        .order_by(AuditEvent.id.desc())
    )
    for data, at, event, person_id, name in session.execute(found):
        if data.get("candidate_id") == candidate.id:
            return Ruling(person_id, name, bool(data.get("came")), data.get("reason") or "", at, event == PUT_RIGHT)
    return None


def righter_of(session: Session, request: ReferenceRequest, decider_id: int | None = None) -> Recipient | None:
    """Return the admin who can put right what is written down: who decided it, else who handles the request, else whoever has been one longest."""
    known = {one.person_id: one for one in admins(session)}
    return next((known[one] for one in (decider_id, request.handler_id) if one in known), next(iter(known.values()), None))


def times_paid(session: Session, request_id: int) -> int:
    """Return how often a request was completed: once, and once more for each time that it was put right to have taken place."""
    mine = (Act.source_type == SUBJECT, Act.source_id == request_id)
    return session.scalar(select(func.count()).select_from(Act).where(*mine)) or 0
