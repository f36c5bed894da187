"""Who is no reference any more, and why; of these, who is said to have left their company and still takes part here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.actor import Actor
from portal.people.models import Person
from portal.people.queries.knowing import known_to
from portal.people.rules.person import PersonState
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.profiles import owner_of
from portal.profiles.rules.seeing import may_change
from portal.profiles.rules.states import Move, Retired, Status
from portal.web.paging import AnySelect

LOOKED_AT = 20

_SAID = (
    ReferenceProfile.status == Status.RETIRED,
    ReferenceProfile.retired_as == Retired.LEFT,
    Person.state != PersonState.DEACTIVATED,
)


def said_to_have_left(session: Session, person_ids: Iterable[int]) -> set[int]:
    """Return who of some people is said to have left."""
    found = select(Person.id).join(ReferenceProfile, ReferenceProfile.person_id == Person.id).where(Person.id.in_(list(person_ids)), *_SAID)
    return set(session.scalars(found))


@dataclass(frozen=True)
class Retirement:
    """Why somebody is no reference any more, since when, and by whom (empty: by the portal). ``words`` are for who may change the profile."""

    why: Retired
    at: datetime
    by: str
    words: str

    @property
    def is_own_wish(self) -> bool:
        return self.why is Retired.OWN_WISH


def retirement_of(session: Session, actor: Actor, person_id: int) -> Retirement | None:
    """Return how somebody's profile was retired, None where it is not."""
    row = session.get(ReferenceProfile, person_id)
    if row is None or row.status != Status.RETIRED or row.retired_as is None:
        return None
    named = ("profile.moved", "profile.removed_self")
    mine = (AuditEvent.subject_type == "profile", AuditEvent.subject_id == person_id, AuditEvent.name.in_(named))
    found: AnySelect = select(AuditEvent.at, AuditEvent.data, Person.name.label("who")).outerjoin(Person, Person.id == AuditEvent.actor_id)
    moved = session.execute(found.where(*mine).order_by(AuditEvent.id.desc()).limit(LOOKED_AT)).all()
    how = next((one for one in moved if one.data.get("move", Move.RETIRE) == Move.RETIRE), None)
    words = row.status_reason if may_change(actor, owner_of(session, person_id)) else ""
    return Retirement(Retired(row.retired_as), how.at if how else row.changed_at, (how.who if how else "") or "", words)


def retired_among(session: Session, person_ids: Iterable[int]) -> set[int]:
    """Return who of some people is no reference any more."""
    found = select(ReferenceProfile.person_id).where(ReferenceProfile.person_id.in_(list(person_ids)), ReferenceProfile.status == Status.RETIRED)
    return set(session.scalars(found))


def left_there(session: Session, actor: Actor, company_id: int, limit: int) -> Sequence[Any]:
    """Return (id, name, title, state) of who is said to have left a company, by name, of those of whom the actor may know."""
    found = select(Person.id, Person.name, Person.title, Person.state).join(ReferenceProfile, ReferenceProfile.person_id == Person.id)
    found = found.where(Person.company_id == company_id, known_to(session, actor), *_SAID)
    return session.execute(found.order_by(Person.name_key, Person.id).limit(limit)).all()
