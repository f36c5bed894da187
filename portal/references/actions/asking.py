"""The clock: who does not answer is reminded once, silence becomes an answer, and admins hear of what waits too long. Each may run twice."""

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import require_unblocked
from portal.acts.rules.refusals import Stop
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.db import programme_zone
from portal.notifications.actions import notify
from portal.people.models import Person
from portal.people.queries.persons import admins, get_person, names
from portal.people.rules.person import PersonState
from portal.references.actions.links import send_link
from portal.references.actions.telling import tell_step
from portal.references.models.joining import NominationLink
from portal.references.models.nominating import Nomination
from portal.references.queries.nominations import nominators_of
from portal.references.queries.review import KIND
from portal.references.queries.terms import terms_of
from portal.references.rules.deciding import late_since
from portal.references.rules.joining import Due, due
from portal.references.rules.states import WAYS, Move, State
from portal.review.queries.cases import find_case
from portal.review.rules.due import STEPS

REMINDER = "nomination_reminder"


def follow_up(session: Session, actor: Actor, *, nomination_id: int, now: datetime) -> Due:
    """Do what is due about one nominee who was asked, and return what was done."""
    nomination = session.get(Nomination, nomination_id, populate_existing=True)
    if nomination is None or nomination.state != State.INVITED or nomination.asked_at is None or nomination.person_id is None:
        return Due.NOTHING
    if get_person(session, nomination.person_id).state == PersonState.ACTIVE or not _has_link(session, nomination.id):
        return Due.NOTHING  # Who joined by another way is no silence; who was invited before there were links has nothing to answer with.
    terms = terms_of(session)
    found = due(
        nomination.asked_at, nomination.reminded_at, nomination.ask_again_on, now,
        remind_days=terms.remind_days, silent_days=terms.silent_days, zone=programme_zone(session),
    )  # fmt: skip
    if found is Due.REMIND and not _remind(session, actor, nomination, now):
        return Due.NOTHING
    if found is Due.GIVE_UP and not _give_up(session, actor, nomination, now):
        return Due.NOTHING
    return found


def _remind(session: Session, actor: Actor, nomination: Nomination, now: datetime) -> bool:
    assert nomination.person_id is not None
    person = get_person(session, nomination.person_id)
    same = Nomination.reminded_at.is_(None) if nomination.ask_again_on is None else Nomination.ask_again_on == nomination.ask_again_on
    if person.state == PersonState.DEACTIVATED:
        return _give_up(session, actor, nomination, now, same)
    try:
        require_unblocked(session, person.id, now)
    except Stop:
        return False  # Nobody writes to them while it stands; afterwards the reminder is still due.
    if not _moved(session, nomination, Move.REMIND, same, reminded_at=now, ask_again_on=None):
        return False
    send_link(session, nomination, person, REMINDER, now)
    record(session, actor, "nomination.reminded", "nomination", nomination.id, now=now)
    return True


def _give_up(session: Session, actor: Actor, nomination: Nomination, now: datetime, same: object = None) -> bool:
    if not _moved(session, nomination, Move.GIVE_UP, Nomination.ask_again_on.is_(None) if same is None else same, given_up_at=now, ask_again_on=None):
        return False
    record(session, actor, "nomination.no_answer", "nomination", nomination.id, now=now)
    tell_step(session, nomination, "no_answer", now)
    return True


def _moved(session: Session, nomination: Nomination, move: Move, same: object, **values: object) -> bool:
    here = update(Nomination).where(Nomination.id == nomination.id, Nomination.state.in_(WAYS[move].start), same)  # type: ignore[arg-type]
    done = session.execute(here.values(state=WAYS[move].end, **values).execution_options(synchronize_session=False))
    session.refresh(nomination)
    return bool(done.rowcount)  # type: ignore[attr-defined]


def _has_link(session: Session, nomination_id: int) -> bool:
    return session.scalar(select(NominationLink.id).where(NominationLink.nomination_id == nomination_id).limit(1)) is not None


def asked_before(session: Session, now: datetime, limit: int, after: int = 0) -> list[int]:
    """Return nominees whom something is due about: those of ``rules.joining.due``, in order of their ids."""
    terms, zone = terms_of(session), programme_zone(session)
    today = local_date(now, zone)

    def before(days: int) -> datetime:
        return start_of_day(today - timedelta(days=days - 1), zone)

    asked, reminded, again = Nomination.asked_at, Nomination.reminded_at, Nomination.ask_again_on
    waits = or_(
        and_(again.is_(None), reminded.is_(None), asked < before(terms.remind_days)),
        and_(again.is_(None), reminded < before(terms.silent_days - terms.remind_days)),
        again <= today,
    )
    has_link = exists().where(NominationLink.nomination_id == Nomination.id)
    joined = exists().where(Person.id == Nomination.person_id, Person.state == PersonState.ACTIVE)
    found = select(Nomination.id).where(Nomination.state == State.INVITED, waits, has_link, ~joined, Nomination.id > after)
    return list(session.scalars(found.order_by(Nomination.id).limit(limit)))


def waiting_too_long(session: Session, now: datetime, limit: int) -> list[int]:
    """Return nominations that wait longer than the terms say and of which the admins were not told."""
    first = late_since(now, days=terms_of(session).late_days, zone=programme_zone(session))
    found = select(Nomination.id).where(Nomination.state == State.SUBMITTED, Nomination.late_at.is_(None), Nomination.created_at < first)
    return list(session.scalars(found.order_by(Nomination.id).limit(limit)))


def tell_late(session: Session, actor: Actor, *, nomination_id: int, now: datetime) -> bool:
    """Tell the admins, by mail too, that a nomination waits too long: once, and nobody of their own, nor whoever was told of it as overdue by
    the clock of the queue. Tells whether it did; while nobody else is an admin it waits for one.
    """
    own = nominators_of(session, nomination_id)
    told = [admin for admin in admins(session) if admin.person_id not in own]
    here = update(Nomination).where(Nomination.id == nomination_id, Nomination.state == State.SUBMITTED, Nomination.late_at.is_(None))
    if not told or not session.execute(here.values(late_at=now).execution_options(synchronize_session=False)).rowcount:  # type: ignore[attr-defined]
        return False
    nomination = session.get_one(Nomination, nomination_id, populate_existing=True)
    facts = {"nominee": nomination.name, "company": nomination.company_name, "nominator": names(session, [nomination.nominator_id]).popitem()[1]}
    data = facts | {"since": nomination.created_at.isoformat()}
    case = find_case(session, KIND, nomination.id)
    # Of what every admin was told already, as overdue by the terms of the queue, nobody is told twice.
    for admin in told if case is None or case.told_step < STEPS else ():
        link, key = f"/admin/approvals?item=nomination-{nomination.id}", f"nomination:{nomination.id}:late"
        notify(session, to=admin, kind="nomination_late", data=data, key=key, link=link, now=now)
    record(session, actor, "nomination.escalated", "nomination", nomination.id, now=now)
    return True
