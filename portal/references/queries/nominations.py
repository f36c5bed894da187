"""The nominations of one employee, as they stand."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.kernel.text import fold, like_pattern
from portal.people.models import Person
from portal.people.rules.person import PersonState
from portal.references.models import Nomination, NominationActivity
from portal.references.rules import STANDING_STEPS, Activity, Standing, State, standing, timeline
from portal.web.paging import SIZE, AnySelect, Page, page_by

_first, _nominee, _credited = aliased(Nomination), aliased(Person), aliased(Person)
_ACTIVITIES = select(NominationActivity.nomination_id, NominationActivity.activity)
_ACTIVITIES_OF = _ACTIVITIES.where(NominationActivity.nomination_id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Followed:
    """One nomination in the eyes of its nominator. ``credited`` is who nominated first, where that was somebody else."""

    id: int
    name: str
    title: str
    company: str
    why: str
    activities: list[Activity]
    standing: Standing
    created_at: datetime
    reason: str
    credited: str | None
    steps: list[tuple[datetime, str]]

    @property
    def step(self) -> int:
        return STANDING_STEPS[self.standing]


def nominations_of(
    session: Session, nominator_id: int, *, q: str = "", standing: str | None = None, after: str | None = None, size: int = SIZE
) -> Page:
    """Return a page of the employee's nominations as ``Followed``, newest first."""
    found = _statement(nominator_id, q, standing)
    page = page_by(session, found, [(Nomination.created_at, True), (Nomination.id, True)], after=after, size=size)
    might = activities_of(session, [row.id for row in page])
    return replace(page, rows=[_followed(row, might.get(row.id, [])) for row in page])


def all_nominations_of(session: Session, nominator_id: int, *, q: str = "", standing: str | None = None) -> list[Followed]:
    """Return all of the employee's nominations that match, newest first, for a file."""
    rows = session.execute(_statement(nominator_id, q, standing).order_by(Nomination.created_at.desc(), Nomination.id.desc())).all()
    might = activities_of(session, None)
    return [_followed(row, might.get(row.id, [])) for row in rows]


def nominators_of(session: Session, nomination_id: int) -> set[int]:
    """Return who nominated this person under this nomination: the first one and all who added their voice."""
    voices = or_(Nomination.id == nomination_id, Nomination.duplicate_of_id == nomination_id)
    return set(session.scalars(select(Nomination.nominator_id).where(voices)))


def nominators_of_person(session: Session, person_id: int) -> set[int]:
    """Return who nominated this person, who is known here by it."""
    return set(session.scalars(select(Nomination.nominator_id).where(Nomination.person_id == person_id)))


def standings_of(session: Session, nominator_id: int) -> dict[Standing, int]:
    """Return how many of the employee's nominations stand how."""
    found = select(_first.state, _nominee.state, func.count()).select_from(Nomination).where(Nomination.nominator_id == nominator_id)
    counted: dict[Standing, int] = {}
    for state, person_state, number in session.execute(_joined(found).group_by(_first.state, _nominee.state)):
        kind = standing(State(state), person_state)
        counted[kind] = counted.get(kind, 0) + number
    return counted


def activities_of(session: Session, ids: list[int] | None) -> dict[int, list[Activity]]:
    """Return what each nominee might do, by nomination; of all nominations without ``ids``."""
    found = session.execute(_ACTIVITIES) if ids is None else session.execute(_ACTIVITIES_OF, {"ids": ids})
    might: dict[int, set[str]] = {}
    for nomination_id, activity in found:
        might.setdefault(nomination_id, set()).add(activity)
    return {nomination_id: in_order(activities) for nomination_id, activities in might.items()}


def in_order(activities: set[str]) -> list[Activity]:
    """Return activities in the order in which forms offer them."""
    return [activity for activity in Activity if activity in activities]


def _joined(found: AnySelect) -> AnySelect:
    found = found.join(_first, _first.id == func.coalesce(Nomination.duplicate_of_id, Nomination.id))
    return found.outerjoin(_nominee, _nominee.id == _first.person_id)


def _statement(nominator_id: int, q: str, wanted: str | None) -> AnySelect:
    own = (Nomination.id, Nomination.name, Nomination.title, Nomination.company_name, Nomination.why, Nomination.created_at)
    fate = (_first.state, _first.reason, _first.decided_at, _nominee.state.label("person_state"), _nominee.joined_at)
    found = _joined(select(*own, Nomination.duplicate_of_id, *fate, _credited.name.label("credited")))
    found = found.join(_credited, _credited.id == _first.nominator_id).where(Nomination.nominator_id == nominator_id)
    if q:
        found = found.where(Nomination.search.like(like_pattern(fold(q)), escape="\\"))
    return found.where(_stands(Standing(wanted))) if wanted else found


def _stands(wanted: Standing) -> ColumnElement[bool]:
    """Return ``rules.standing`` as a condition."""
    accepted, person = _first.state == State.ACCEPTED, _nominee.state
    return {
        Standing.WAITING: _first.state == State.SUBMITTED,
        Standing.INVITED: and_(accepted, or_(person.is_(None), person.in_((PersonState.CONTACT, PersonState.INVITED)))),
        Standing.JOINED: and_(accepted, person == PersonState.ACTIVE),
        Standing.LEFT: and_(accepted, person == PersonState.DEACTIVATED),
        Standing.DECLINED: _first.state == State.DECLINED,
    }[wanted]


def _followed(row: Any, might: list[Activity]) -> Followed:
    kind = standing(State(row.state), row.person_state)
    return Followed(
        id=row.id,
        name=row.name,
        title=row.title,
        company=row.company_name,
        why=row.why,
        activities=might,
        standing=kind,
        created_at=row.created_at,
        reason=row.reason,
        credited=row.credited if row.duplicate_of_id else None,
        steps=timeline(kind, row.created_at, row.decided_at, row.joined_at),
    )
