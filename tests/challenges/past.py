"""Completions of the past that are to be re-priced."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.repaying import do_some
from portal.challenges.actions.repricing import (
    ask_repricing,
)
from portal.challenges.actions.review import approve_attempt
from portal.challenges.models.offering import Challenge
from portal.challenges.models.repricing import Repricing, RepricingLine
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.repricing import forecast
from portal.challenges.queries.versions import current_version
from portal.kernel.clock import utcnow
from portal.ledger.queries.balances import balance_of
from portal.people.models import Person
from portal.recognition.models import PeriodScore
from tests.factories.challenges import as_admin, make_attempt, make_challenge
from tests.factories.people import make_admin, make_person

OLD = datetime(2026, 3, 10, 12, tzinfo=UTC)


WHY = "It takes longer than we thought"


class Past:
    """A challenge worth 100 that Amara, Bo and Cem completed in March, Cem for 40; from version 2 on it is worth ``points``."""

    def __init__(self, session: Session, points: int = 150) -> None:
        self.boss, self.ben = as_admin(make_admin(session, name="Ada Admin")), as_admin(make_admin(session, name="Ben Admin"))
        challenge = make_challenge(session, title="Write a review", now=OLD - timedelta(days=1))
        self.id = challenge.id
        people = [make_person(session, name=name) for name in ("Amara", "Bo", "Cem")]
        self.amara, self.bo, self.cem = (person.id for person in people)
        for person in people:
            self.complete(session, person, challenge, points=40 if person.id == self.cem else None)
        self.publish(session, points)

    def complete(
        self, session: Session, person: Person, challenge: Challenge, *, points: int | None = None, at: datetime = OLD, key: str | None = None
    ) -> Attempt:
        attempt = make_attempt(session, person, challenge, key=key, now=at)
        approve_attempt(session, self.boss, attempt_id=attempt.id, points=points, note="" if points is None else "Half", now=at)
        return attempt

    def publish(self, session: Session, points: int) -> None:
        challenge, now = session.get_one(Challenge, self.id), utcnow()
        offer = replace(offer_of(current_version(session, challenge)), points=points)
        edit_challenge(session, self.boss, challenge_id=self.id, offer=offer, now=now)
        publish_challenge(session, self.boss, challenge_id=self.id, now=now)

    def ask(self, session: Session, **overrides: Any) -> Repricing:
        seen = forecast(session, session.get_one(Challenge, self.id), self.boss.id, utcnow())
        given: dict[str, Any] = {"reason": WHY, "seen_people": seen.people, "seen_total": seen.total, "key": "k", "now": utcnow()}
        return ask_repricing(session, self.boss, challenge_id=self.id, **(given | overrides))

    def submission_of(self, session: Session, person_id: int) -> int:
        return session.scalars(select(Submission.id).where(Submission.person_id == person_id)).one()

    def stands(self, session: Session) -> dict[str, Any]:
        """Return balances, every score and the worth of every act."""
        people = (self.amara, self.bo, self.cem)
        scores = session.execute(select(PeriodScore.member_id, PeriodScore.period, PeriodScore.score, PeriodScore.first_neg)).all()
        acts = session.execute(select(Act.person_id, Act.points).where(Act.reversed_at.is_(None)).order_by(Act.id)).all()
        return {"balances": [balance_of(session, one) for one in people], "scores": sorted(map(tuple, scores)), "acts": [tuple(row) for row in acts]}


def scores(session: Session, person_id: int) -> dict[str, int]:
    found = select(PeriodScore.period, PeriodScore.score).where(PeriodScore.member_id == person_id)
    return {row.period: row.score for row in session.execute(found)}


def finish(session: Session, made: Repricing, size: int = 50) -> None:
    while do_some(session, repricing_id=made.id, size=size, now=utcnow()):
        pass


def lines(session: Session, made: Repricing) -> list[tuple[int, str]]:
    found = select(RepricingLine.person_id, RepricingLine.state).where(RepricingLine.repricing_id == made.id).order_by(RepricingLine.id)
    return [(row.person_id, row.state) for row in session.execute(found)]
