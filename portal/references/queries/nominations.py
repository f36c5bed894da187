"""The nominations of one employee, as they stand."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.accounts.queries.seeing import seen_by
from portal.accounts.rules.seeing import may_see_contact
from portal.kernel.actor import Actor
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.people.rules.person import PersonState
from portal.profiles.rules.activity import Activity
from portal.references.models.nominating import Nomination, NominationActivity
from portal.references.rules.nominating import credited
from portal.references.rules.states import STANDING_STEPS, Moments, Standing, State, standing, timeline
from portal.web.paging import SIZE, AnySelect, Page, page_by

_first, _nominee, _credited, _sender, _colleague = aliased(Nomination), aliased(Person), aliased(Person), aliased(Person), aliased(Person)
_WHO = func.coalesce(_first.colleague_id, _first.nominator_id)
_ACTIVITIES = select(NominationActivity.nomination_id, NominationActivity.activity)
_ACTIVITIES_OF = _ACTIVITIES.where(NominationActivity.nomination_id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Followed:
    """One nomination in the eyes of its nominator, or of the colleague in whose name it was sent.

    ``credited`` is who nominated first, where that was somebody else; ``sent_by`` who sent it in the reader's name, ``sent_for`` in whose
    name the reader sent it. ``rule`` tells that a rule approved it.
    """

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
    sent_by: str | None
    sent_for: str | None
    first_id: int
    ask_again_on: date | None
    answer_code: str
    by_rule: bool
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
    return replace(page, rows=[_followed(row, might.get(row.id, []), nominator_id) for row in page])


def followed(session: Session, person_id: int, nomination_id: int) -> Followed | None:
    """Return one nomination in which somebody has a part, as they follow it, or None."""
    row = session.execute(_statement(person_id, "", None).where(Nomination.id == nomination_id)).one_or_none()
    return _followed(row, activities_of(session, [row.id]).get(row.id, []), person_id) if row else None


def all_nominations_of(session: Session, nominator_id: int, *, q: str = "", standing: str | None = None) -> list[Followed]:
    """Return all of the employee's nominations that match, newest first, for a file."""
    rows = session.execute(_statement(nominator_id, q, standing).order_by(Nomination.created_at.desc(), Nomination.id.desc())).all()
    might = activities_of(session, None)
    return [_followed(row, might.get(row.id, []), nominator_id) for row in rows]


def nominators_of(session: Session, nomination_id: int) -> set[int]:
    """Return who nominated this person under this nomination: the first one and all who added their voice, each with their colleague."""
    voices = or_(Nomination.id == nomination_id, Nomination.duplicate_of_id == nomination_id)
    return credited((row[0], row[1]) for row in session.execute(select(Nomination.nominator_id, Nomination.colleague_id).where(voices)))


def has_typed(session: Session, nomination: Nomination, person_id: int | None) -> bool:
    """Tell whether somebody nominated this person under this very address, and so knows it."""
    voices = or_(Nomination.id == nomination.id, Nomination.duplicate_of_id == nomination.id)
    own = select(Nomination.id).where(voices, Nomination.nominator_id == person_id, Nomination.email_key == nomination.email_key)
    return session.scalar(own.limit(1)) is not None


def may_see_nominee(session: Session, actor: Actor, nomination_id: int) -> bool:
    """Tell whether ``actor`` may see the address of somebody nominated: who typed it, and whoever may see contact details of the company."""
    nomination = session.get(Nomination, nomination_id)
    if nomination is None:
        return False
    if nomination.person_id is not None:
        return bool(seen_by(session, actor, [nomination.person_id]))
    owner_id = session.scalar(select(Company.owner_id).where(Company.id == nomination.company_id)) if nomination.company_id else None
    return may_see_contact(actor, owner_id=owner_id, person_id=0, is_granted=has_typed(session, nomination, actor.id))


def nominators_of_person(session: Session, person_id: int) -> set[int]:
    """Return who nominated this person, who is known here by it."""
    found = select(Nomination.nominator_id, Nomination.colleague_id).where(Nomination.person_id == person_id)
    return credited((row[0], row[1]) for row in session.execute(found))


def colleagues_of(session: Session, person_id: int) -> list[tuple[int, str]]:
    """Return the employees in whose name somebody may nominate, as (id, name), by name."""
    found = select(Person.id, Person.name).where(Person.is_employee, Person.state == PersonState.ACTIVE, Person.id != person_id)
    return [(row[0], row[1]) for row in session.execute(found.order_by(Person.name_key, Person.id))]


def agreed_for(session: Session, person_id: int) -> int:
    """Return how many of the people whom somebody nominated first said yes."""
    own = func.coalesce(Nomination.colleague_id, Nomination.nominator_id) == person_id
    found = select(func.count()).select_from(Nomination).where(_has_part(Nomination, person_id), own, Nomination.state == State.ACCEPTED)
    return session.scalar(found) or 0


def standings_of(session: Session, nominator_id: int) -> dict[Standing, int]:
    """Return how many of the employee's nominations stand how."""
    facts = (_first.state, _nominee.state, _first.review_began_at.is_not(None), _first.ask_again_on)
    found = select(*facts, func.count()).select_from(Nomination).where(_has_part(Nomination, nominator_id))
    counted: dict[Standing, int] = {}
    for state, person_state, in_review, again, number in session.execute(_joined(found).group_by(*facts)):
        kind = standing(State(state), person_state, is_in_review=in_review, ask_again_on=again)
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


def _has_part(nomination: Any, person_id: int) -> ColumnElement[bool]:
    """Return the condition that somebody nominated, or a colleague in their name."""
    return or_(nomination.nominator_id == person_id, nomination.colleague_id == person_id)


def _statement(nominator_id: int, q: str, wanted: str | None) -> AnySelect:
    own = (Nomination.id, Nomination.name, Nomination.title, Nomination.company_name, Nomination.why, Nomination.created_at, Nomination.nominator_id)
    fate = (_first.state, _first.reason, _first.decided_at, _first.review_began_at, _first.answered_at, _first.given_up_at, _first.ask_again_on)
    said = (_first.answer_code, _first.answer, _first.rule_id, _nominee.state.label("person_state"), _nominee.joined_at)
    who = (_credited.name.label("credited"), _sender.name.label("sender"), _colleague.name.label("colleague"))
    found = _joined(select(*own, Nomination.duplicate_of_id, *fate, *said, *who))
    found = found.join(_credited, _credited.id == _WHO).join(_sender, _sender.id == Nomination.nominator_id)
    found = found.outerjoin(_colleague, _colleague.id == Nomination.colleague_id).where(_has_part(Nomination, nominator_id))
    if q:
        found = found.where(Nomination.search.like(like_pattern(fold(q)), escape="\\"))
    return found.where(_stands(Standing(wanted))) if wanted else found


def _stands(wanted: Standing) -> ColumnElement[bool]:
    """Return ``rules.states.standing`` as a condition."""
    state, person = _first.state, _nominee.state
    waits, asked = state == State.SUBMITTED, state == State.INVITED
    is_here = or_(person.is_(None), person.in_((PersonState.CONTACT, PersonState.INVITED)))
    invited = state.in_((State.INVITED, State.ACCEPTED))
    return {
        Standing.WAITING: and_(waits, _first.review_began_at.is_(None)),
        Standing.IN_REVIEW: and_(waits, _first.review_began_at.is_not(None)),
        Standing.INVITED: and_(asked, is_here, _first.ask_again_on.is_(None)),
        Standing.NOT_NOW: and_(asked, is_here, _first.ask_again_on.is_not(None)),
        Standing.ACCEPTED: and_(state == State.ACCEPTED, is_here),
        Standing.JOINED: and_(invited, person == PersonState.ACTIVE),
        Standing.LEFT: and_(invited, person == PersonState.DEACTIVATED),
        Standing.CUSTOMER_DECLINED: state == State.CUSTOMER_DECLINED,
        Standing.NO_ANSWER: state == State.NO_ANSWER,
        Standing.NOT_APPROVED: state == State.NOT_APPROVED,
    }[wanted]


def _followed(row: Any, might: list[Activity], reader_id: int) -> Followed:
    kind = standing(State(row.state), row.person_state, is_in_review=row.review_began_at is not None, ask_again_on=row.ask_again_on)
    at = Moments(row.created_at, row.review_began_at, row.decided_at, row.answered_at, row.given_up_at, row.joined_at)
    is_sender = row.nominator_id == reader_id
    return Followed(
        id=row.id,
        name=row.name,
        title=row.title,
        company=row.company_name,
        why=row.why,
        activities=might,
        standing=kind,
        created_at=row.created_at,
        reason=row.answer if kind is Standing.CUSTOMER_DECLINED else row.reason,
        credited=row.credited if row.duplicate_of_id else None,
        sent_by=row.sender if row.colleague and not is_sender else None,
        sent_for=row.colleague if is_sender else None,
        first_id=row.duplicate_of_id or row.id,
        ask_again_on=row.ask_again_on,
        answer_code=row.answer_code,
        by_rule=row.rule_id is not None,
        steps=timeline(kind, at),
    )
