"""Who may decide on things of a kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import false, or_, select, union
from sqlalchemy.orm import Session

from portal.people.models import Person, Reviewer
from portal.people.rules.person import PersonState
from portal.people.rules.reviewing import COLUMN_OF, GRANTS, Grants, kinds_of

MOST = 200
# Admins and reviewers are found by their own indexes: the few among any number of people.
_CHOSEN = union(select(Person.id).where(Person.is_admin), select(Reviewer.person_id))
_FOUND = (
    select(Person.id, Person.name, Person.is_admin, *(getattr(Reviewer, name) for name in GRANTS))
    .outerjoin(Reviewer, Reviewer.person_id == Person.id)
    .where(Person.state == PersonState.ACTIVE, Person.id.in_(_CHOSEN))
    .order_by(Person.name_key, Person.id)
    .limit(MOST)
)


@dataclass(frozen=True)
class Decider:
    """An active admin, or a reviewer with what was granted."""

    id: int
    name: str
    is_admin: bool
    kinds: frozenset[str]

    def may(self, kind: str) -> bool:
        """Tell whether they may decide on things of ``kind``."""
        return self.is_admin or kind in self.kinds


def deciders(session: Session) -> Sequence[Decider]:
    """Return everybody who may decide on something, by name."""
    rows = session.execute(_FOUND)
    return [Decider(row.id, row.name, row.is_admin, kinds_of(Grants(*(bool(getattr(row, name)) for name in GRANTS)))) for row in rows]


def may_decide(session: Session, kind: str, person_id: int) -> bool:
    """Tell whether the person may decide on things of ``kind`` today."""
    granted = getattr(Reviewer, COLUMN_OF[kind]).is_(True) if kind in COLUMN_OF else false()
    found = select(Person.id).outerjoin(Reviewer, Reviewer.person_id == Person.id)
    here = (Person.id == person_id, Person.state == PersonState.ACTIVE, or_(Person.is_admin, granted))
    return session.scalar(found.where(*here)) is not None
