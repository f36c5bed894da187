"""An answer that waits, what is read of it after a decision, and a decline."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.challenges.actions.review import (
    decline_attempt,
)
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.people.models import Person
from tests.factories.challenges import as_admin, make_attempt, make_challenge
from tests.factories.people import make_admin, make_person

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


MANY = 32


class Stage:
    """An admin, an advocate, a challenge worth 100 and an answer that waits."""

    def __init__(self, session: Session, **overrides: Any) -> None:
        self.admin: Person = make_admin(session)
        self.person: Person = make_person(session)
        self.challenge: Challenge = make_challenge(session, **{"now": NOW, **overrides})
        self.attempt: Attempt = make_attempt(session, self.person, self.challenge, now=NOW)

    def submission(self, session: Session) -> Submission:
        return session.get_one(Submission, self.attempt.submission_id, populate_existing=True)

    def state(self, session: Session) -> tuple[Any, ...]:
        """Return all that undoing brings back."""
        submission, attempt = self.submission(session), session.get_one(Attempt, self.attempt.id, populate_existing=True)
        found = balance_of(session, self.person.id)
        acts = session.scalar(select(func.count()).select_from(Act).where(Act.reversed_at.is_(None)))
        kept = (submission.state, submission.declines, submission.paid, submission.changed_at, submission.attempts)
        return (*kept, attempt.state, found.available, found.lifetime, found.owed, acts)


def notices(session: Session, person: Person) -> list[str]:
    return list(session.scalars(select(Notice.kind).where(Notice.person_id == person.id).order_by(Notice.id)))


def decline(session: Session, stage: Stage) -> Verdict:
    return decline_attempt(session, as_admin(stage.admin), attempt_id=stage.attempt.id, reason="No", now=NOW)
