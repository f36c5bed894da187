"""A small programme in which something of every kind waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.people.models import Person
from portal.recognition.actions.scores import award
from portal.references.models.nominating import Nomination
from portal.rewards.models.redeeming import Redemption
from tests.factories.challenges import make_attempt, make_challenge
from tests.factories.people import make_admin, make_company, make_employee, make_person
from tests.factories.references import make_nomination
from tests.factories.rewards import make_redemption, make_reward

_numbers = iter(range(1, 1_000_000))


@dataclass
class Scene:
    """An admin, an employee, an advocate with 1,000 points; an attempt, a redemption and a nomination that wait, in this order."""

    admin: Person
    employee: Person
    advocate: Person
    challenge: Challenge
    attempt: Attempt
    redemption: Redemption
    nomination: Nomination


def give(session: Session, person: Person, points: int, now: datetime | None = None) -> None:
    """Give points through recognition."""
    at = now or utcnow()
    facts = {"key": f"scene:{next(_numbers)}", "reason": "test", "source_type": "test", "source_id": 1}
    award(session, system("test"), person_id=person.id, points=points, effective_at=at, now=at, **facts)


def build(session: Session) -> Scene:
    """Make the scene."""
    now = utcnow()
    admin, employee = make_admin(session, name="Katja Brandt"), make_employee(session, name="Karim Haddad")
    advocate = make_person(session, name="Dev Shah", company_id=make_company(session, name="Pocket Toys").id)
    give(session, advocate, 1_000)
    challenge = make_challenge(session, title="Write an honest review", points=150, per_period=50)
    attempt = make_attempt(session, advocate, challenge, now=now - timedelta(days=4))
    redemption = make_redemption(session, advocate.id, make_reward(session, name="Gift card", price=400).id, now=now - timedelta(days=2))
    nomination = make_nomination(session, employee, name="Ines Duarte", now=now - timedelta(hours=5))
    return Scene(admin, employee, advocate, challenge, attempt, redemption, nomination)


def more_attempts(session: Session, challenge: Challenge, number: int) -> list[int]:
    """Let ``number`` other people send an answer, one a minute; return the attempts' ids."""
    now = utcnow()
    return [make_attempt(session, make_person(session), challenge, now=now - timedelta(minutes=number - n)).id for n in range(number)]
