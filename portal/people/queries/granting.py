"""Since when somebody may decide, and who let them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.actor import ADMIN
from portal.people.models import Person, PowerGrant
from portal.people.queries.reviewing import grants_of
from portal.people.rules.granting import Given
from portal.people.rules.reviewing import COLUMN_OF


def given_for(session: Session, person_id: int, kind: str) -> Sequence[Given | None]:
    """Return how the person came to each role or permission with which they may decide on things of ``kind``; None for one they always had.

    Who holds none any more is told by what was taken from them since: it is how they decided when they did.
    """
    noted = {row.power: Given(row.given_at, row.given_by_id) for row in session.scalars(select(PowerGrant).where(PowerGrant.person_id == person_id))}
    person, column = session.get(Person, person_id), COLUMN_OF.get(kind)
    held = {ADMIN} if person is not None and person.is_admin else set()
    if column and column in grants_of(session, person_id).names:
        held.add(column)
    return [noted.get(power) for power in sorted(held or set(noted) & {ADMIN, column})]


def admin_given(session: Session, person_id: int) -> Given | None:
    """Return how the person came to be an admin last; None for who always was one, or never."""
    row = session.get(PowerGrant, (person_id, ADMIN))
    return Given(row.given_at, row.given_by_id) if row else None


def begun_at(session: Session) -> datetime | None:
    """Return when the first person of the programme was added."""
    return session.scalar(select(Person.created_at).order_by(Person.id).limit(1))
