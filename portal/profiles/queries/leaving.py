"""Who is said to have left their company, and still takes part here: until they are deactivated, or are a reference again."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.people.models import Person
from portal.people.queries.knowing import known_to
from portal.people.rules.person import PersonState
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.states import Retired, Status

_SAID = (
    ReferenceProfile.status == Status.RETIRED,
    ReferenceProfile.retired_as == Retired.LEFT,
    Person.state != PersonState.DEACTIVATED,
)


def said_to_have_left(session: Session, person_ids: Iterable[int]) -> set[int]:
    """Return who of some people is said to have left."""
    found = select(Person.id).join(ReferenceProfile, ReferenceProfile.person_id == Person.id).where(Person.id.in_(list(person_ids)), *_SAID)
    return set(session.scalars(found))


def left_there(session: Session, actor: Actor, company_id: int, limit: int) -> Sequence[Any]:
    """Return (id, name, title, state) of who is said to have left a company, by name, of those of whom the actor may know."""
    found = select(Person.id, Person.name, Person.title, Person.state).join(ReferenceProfile, ReferenceProfile.person_id == Person.id)
    found = found.where(Person.company_id == company_id, known_to(session, actor), *_SAID)
    return session.execute(found.order_by(Person.name_key, Person.id).limit(limit)).all()
