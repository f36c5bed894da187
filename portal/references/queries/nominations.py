"""The nominations of one employee, as they stand."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.accounts.queries.seeing import seen_by
from portal.accounts.rules.seeing import may_see_contact
from portal.consents.models import Consent
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.people.queries.knowing import knows
from portal.people.queries.persons import find_person_by_email
from portal.people.rules.person import PersonState
from portal.profiles.models import ProfileActivity
from portal.profiles.rules.activity import Activity
from portal.references.models.joining import NominationLink
from portal.references.models.nominating import Nomination, NominationActivity, NominationDetail
from portal.references.rules.nominating import credited
from portal.references.rules.states import STANDING_STEPS, STANDS, Moments, Standing, State, standing, timeline
from portal.web.paging import SIZE, AnySelect, Page, page_by

_first, _nominee, _credited, _sender, _colleague = aliased(Nomination), aliased(Person), aliased(Person), aliased(Person), aliased(Person)
_WHO = func.coalesce(_first.colleague_id, _first.nominator_id)
_ACTIVITIES_OF = select(NominationActivity.nomination_id, NominationActivity.activity).where(
    NominationActivity.nomination_id.in_(bindparam("ids", expanding=True))
)
AT_ONCE = 500


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
    code: str
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
    might: dict[int, list[Activity]] = {}
    for start in range(0, len(rows), AT_ONCE):
        might |= activities_of(session, [row.id for row in rows[start : start + AT_ONCE]])
    return [_followed(row, might.get(row.id, []), nominator_id) for row in rows]


def nominators_of(session: Session, nomination_id: int) -> set[int]:
    """Return who nominated this person under this nomination: the first one and all who added their voice, each with their colleague."""
    return set(parts_in(session, nomination_id))


def parts_in(session: Session, nomination_id: int) -> dict[int, int]:
    """Return everybody who has a part in this nomination (``nominators_of``), each with the nomination that is theirs to follow."""
    voices = or_(Nomination.id == nomination_id, Nomination.duplicate_of_id == nomination_id)
    found = session.execute(select(Nomination.id, Nomination.nominator_id, Nomination.colleague_id).where(voices).order_by(Nomination.id.desc()))
    return {person_id: row[0] for row in found for person_id in credited([(row[1], row[2])])}


def nomination_behind(session: Session, person_id: int) -> Nomination | None:
    """Return the nomination by which somebody became a reference: the first to which they said yes, else the first that was approved and
    to which they did not say no; None where nobody nominated them so.
    """
    asked = Nomination.state.in_((State.ACCEPTED, State.INVITED, State.NO_ANSWER))
    found = select(Nomination).where(Nomination.person_id == person_id, Nomination.duplicate_of_id.is_(None), asked)
    return session.scalar(found.order_by((Nomination.state == State.ACCEPTED).desc(), Nomination.id).limit(1))


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
    return may_see_contact(actor, owner_id=_owner_of(session, nomination), person_id=0, is_granted=has_typed(session, nomination, actor.id))


def phones_for(session: Session, actor: Actor, nomination: Nomination) -> tuple[str, ...]:
    """Return the telephone numbers that were nominated with, for whoever may see the address: all of them, or, of who may only because they
    typed that address, their own. Nothing of it is to be shown without ``actions.seeing.see_nominee``.
    """
    voices = or_(Nomination.id == nomination.id, Nomination.duplicate_of_id == nomination.id)
    found = (
        select(NominationDetail.phone).join(Nomination, Nomination.id == NominationDetail.nomination_id).where(voices, NominationDetail.phone != "")
    )
    if nomination.person_id is None and not may_see_contact(actor, owner_id=_owner_of(session, nomination), person_id=0, is_granted=False):
        found = found.where(Nomination.nominator_id == actor.id)
    return tuple(dict.fromkeys(session.scalars(found.order_by(Nomination.id))))


def _owner_of(session: Session, nomination: Nomination) -> int | None:
    return session.scalar(select(Company.owner_id).where(Company.id == nomination.company_id)) if nomination.company_id else None


def require_nominee_known(session: Session, actor: Actor, nomination: Nomination) -> None:
    """Refuse ``NotFound`` unless ``actor`` may read who was nominated: admins and those who nominated them do; everybody else while the
    nomination stands, and where the address is somebody's who is here, if they may know of them.
    """
    first = session.get_one(Nomination, nomination.duplicate_of_id) if nomination.duplicate_of_id else nomination
    if actor.is_admin or actor.id in nominators_of(session, first.id):
        return
    here = {first.person_id} if first.person_id else {one.id for one in (find_person_by_email(session, first.email),) if one is not None}
    if first.state not in STANDS or here - knows(session, actor, here):
        raise NotFound()


def nominators_of_person(session: Session, person_id: int) -> set[int]:
    """Return who nominated this person, who is known here by it."""
    found = select(Nomination.nominator_id, Nomination.colleague_id).where(Nomination.person_id == person_id)
    return credited((row[0], row[1]) for row in session.execute(found))


def agreed_for(session: Session, person_id: int) -> int:
    """Return how many of the people whom somebody nominated first said yes by their link. Who had joined before there were links said nothing."""
    own = func.coalesce(Nomination.colleague_id, Nomination.nominator_id) == person_id
    by_link = exists().where(NominationLink.nomination_id == Nomination.id)
    found = select(func.count()).select_from(Nomination).where(_has_part(Nomination, person_id), own, Nomination.state == State.ACCEPTED, by_link)
    return session.scalar(found) or 0


def by_rule_today(session: Session, person_id: int, now: datetime) -> int:
    """Return how many nominations of one sender rules approved on this day of the programme's calendar."""
    zone = programme_zone(session)
    since = start_of_day(local_date(now, zone), zone)
    found = select(func.count()).select_from(Nomination).where(Nomination.nominator_id == person_id, Nomination.created_at >= since)
    return session.scalar(found.where(Nomination.rule_id.is_not(None))) or 0


def standings_of(session: Session, nominator_id: int) -> dict[Standing, int]:
    """Return how many of the employee's nominations stand how."""
    columns = (_nominee.state.label("person_state"), _first.review_began_at.is_not(None).label("in_review"), _first.ask_again_on)
    own = select(_first.state, *columns, taken_back_at(_first).is_not(None).label("taken_back")).select_from(Nomination)
    facts = _joined(own.where(_has_part(Nomination, nominator_id))).subquery("facts")
    counted: dict[Standing, int] = {}
    grouped: AnySelect = select(*facts.c, func.count().label("number")).group_by(*facts.c)
    for row in session.execute(grouped):
        facts_of = {"is_in_review": row.in_review, "ask_again_on": row.ask_again_on, "is_taken_back": row.taken_back}
        kind = standing(State(row.state), row.person_state, **facts_of)
        counted[kind] = counted.get(kind, 0) + row.number
    return counted


def activities_of(session: Session, ids: list[int]) -> dict[int, list[Activity]]:
    """Return what each nominee might do, by nomination."""
    might: dict[int, set[str]] = {}
    for nomination_id, activity in session.execute(_ACTIVITIES_OF, {"ids": ids}):
        might.setdefault(nomination_id, set()).add(activity)
    return {nomination_id: in_order(activities) for nomination_id, activities in might.items()}


def in_order(activities: set[str]) -> list[Activity]:
    """Return activities in the order in which forms offer them."""
    return [activity for activity in Activity if activity in activities]


def taken_back_at(nomination: Any) -> ScalarSelect[datetime | None]:
    """Return when the last of what was agreed to by a nomination ended; NULL while something of it stands, or of what they agreed to since on
    their own page or by staff, and where nothing was agreed to.
    """
    since = aliased(Consent)
    stands = select(ProfileActivity.person_id).join(since, since.id == ProfileActivity.consent_id)
    stands = stands.where(ProfileActivity.person_id == Consent.person_id, since.ended_at.is_(None)).correlate(Consent)
    own = select(case((func.count() == func.count(Consent.ended_at), func.max(Consent.ended_at))))
    # By the person, whose consents have an index: of those of one nomination there is none.
    theirs = (Consent.person_id == nomination.person_id, Consent.source_type == "nomination", Consent.source_id == nomination.id)
    own = own.where(*theirs, ~stands.exists())
    return own.correlate(nomination).scalar_subquery()


def _joined(found: AnySelect) -> AnySelect:
    found = found.join(_first, _first.id == func.coalesce(Nomination.duplicate_of_id, Nomination.id))
    return found.outerjoin(_nominee, _nominee.id == _first.person_id)


def _has_part(nomination: Any, person_id: int) -> ColumnElement[bool]:
    """Return the condition that somebody nominated, or a colleague in their name."""
    return or_(nomination.nominator_id == person_id, nomination.colleague_id == person_id)


def _statement(nominator_id: int, q: str, wanted: str | None) -> AnySelect:
    own = (Nomination.id, Nomination.name, Nomination.title, Nomination.company_name, Nomination.why, Nomination.created_at, Nomination.nominator_id)
    fate = (_first.state, _first.code, _first.reason, _first.decided_at, _first.review_began_at, _first.answered_at, _first.given_up_at)
    said = (_first.ask_again_on, _first.answer_code, _first.answer, _first.rule_id, _nominee.state.label("person_state"), _nominee.joined_at)
    who = (_credited.name.label("credited"), _sender.name.label("sender"), _colleague.name.label("colleague"))
    found = _joined(select(*own, Nomination.duplicate_of_id, *fate, *said, *who, taken_back_at(_first).label("taken_back_at")))
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
    invited, back = state.in_((State.INVITED, State.ACCEPTED)), taken_back_at(_first)
    return {
        Standing.WAITING: and_(waits, _first.review_began_at.is_(None)),
        Standing.IN_REVIEW: and_(waits, _first.review_began_at.is_not(None)),
        Standing.INVITED: and_(asked, is_here, _first.ask_again_on.is_(None)),
        Standing.NOT_NOW: and_(asked, is_here, _first.ask_again_on.is_not(None)),
        Standing.ACCEPTED: and_(state == State.ACCEPTED, is_here, back.is_(None)),
        Standing.TAKEN_BACK: and_(state == State.ACCEPTED, or_(is_here, person == PersonState.ACTIVE), back.is_not(None)),
        Standing.JOINED: and_(
            or_(state.in_((State.INVITED, State.NO_ANSWER)), and_(state == State.ACCEPTED, back.is_(None))), person == PersonState.ACTIVE
        ),
        Standing.LEFT: and_(invited, person == PersonState.DEACTIVATED),
        Standing.CUSTOMER_DECLINED: state == State.CUSTOMER_DECLINED,
        Standing.NO_ANSWER: and_(state == State.NO_ANSWER, or_(person.is_(None), person != PersonState.ACTIVE)),
        Standing.NOT_APPROVED: state == State.NOT_APPROVED,
    }[wanted]


def _followed(row: Any, might: list[Activity], reader_id: int) -> Followed:
    is_back, in_review = row.taken_back_at is not None, row.review_began_at is not None
    kind = standing(State(row.state), row.person_state, is_in_review=in_review, ask_again_on=row.ask_again_on, is_taken_back=is_back)
    at = Moments(row.created_at, row.review_began_at, row.decided_at, row.answered_at, row.given_up_at, row.joined_at, row.taken_back_at)
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
        code=row.code,
        by_rule=row.rule_id is not None,
        steps=timeline(kind, at),
    )
