"""Peers to refer, and what the database still says of them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.challenges.actions.answering import submit_attempt
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Answer, Attempt
from portal.challenges.queries.stages import own_stages
from portal.people.models import Person
from portal.referrals.models import Referral
from tests.factories.challenges import as_advocate, make_submission

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


PAT = {"name": "Pat Peer", "email": "pat@peer.example", "company": "Peer & Co", "words": "We met.", "is_agreed": True, "language": "en"}


SECRETS = ("Pat Peer", "pat@peer.example", "Peer & Co", "We met.")


def refer(session: Session, person: Person, challenge: Challenge, *, now: datetime = NOW, **told: Any) -> Attempt:
    """Begin, name a peer, and send."""
    submission = make_submission(session, person, challenge, now=now)
    values = {own_stages(session, submission)[0].id: PAT | told}
    return submit_attempt(session, as_advocate(person), submission_id=submission.id, key=f"{submission.id}-{now}", values=values, now=now)


def only(session: Session) -> Referral:
    return session.scalars(select(Referral).execution_options(populate_existing=True)).one()


def stored_texts(session: Session) -> str:
    """Everything the challenge's own tables and the audit log say."""
    said = [*session.scalars(select(Answer.value)), *session.scalars(select(Attempt.answers)), *session.scalars(select(AuditEvent.data))]
    return repr(said)


QUINN = {"name": "Quinn", "email": "quinn@peer.example", "company": "Quinn's", "words": "New.", "is_agreed": True, "language": "en"}
