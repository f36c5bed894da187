"""Deciding on nominations: accept and invite, decline with a reason, mark as duplicate. Whoever decides first decides."""

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.kernel.errors import NotFound
from portal.kernel.text import clean_line
from portal.notifications.actions import notify
from portal.people.actions.companies import company_named
from portal.people.actions.joining import invitation_key, invite_person
from portal.people.actions.persons import add_person
from portal.people.models import Person
from portal.people.queries.companies import get_company
from portal.people.queries.persons import find_person_by_email, recipients
from portal.people.rules.person import PersonState
from portal.references.models import Nomination
from portal.references.queries.nominations import nominators_of
from portal.references.queries.review import KIND
from portal.references.rules import AlreadyDecided, NomineeDeactivated, NotAnOriginal, State, require_decidable, require_reason
from portal.review.actions.undoing import keep_decision
from portal.review.rules.undoing import UNDO_WITHIN

MINE = "/nominate/mine"
STANDING = (State.SUBMITTED, State.ACCEPTED)


def accept_nomination(session: Session, actor: Actor, *, nomination_id: int, company: str | None = None, now: datetime) -> Nomination:
    """Accept: the nominee is found or made as a person, the company linked or made, the person invited, the nominators told.

    ``company`` corrects the company as it was typed. Refuses who may not decide (``NotAllowed``,
    ``OwnNomination``), what was decided already (``AlreadyDecided``), and a nominee whose account
    is deactivated (``NomineeDeactivated``).
    """
    nomination = _decide(session, actor, nomination_id, {"state": State.ACCEPTED}, now)
    named = [nomination.company_id, nomination.company_name]
    company_id = _company(session, actor, nomination, company, now)
    person, invitation = _person(session, actor, nomination, company_id, now)
    followers = or_(Nomination.id == nomination.id, Nomination.duplicate_of_id == nomination.id)
    session.execute(update(Nomination).where(followers).values(person_id=person.id).execution_options(synchronize_session=False))
    session.refresh(nomination)
    record(session, actor, "nomination.accepted", "nomination", nomination.id, now=now, person_id=person.id, company_id=company_id)
    mail_at = keep_decision(
        session, actor, kind=KIND, item_id=nomination.id, verdict="approve", before={"company": named, "invitation": invitation}, now=now
    )
    _tell(session, nomination, "nomination_accepted", now, mail_at)
    return nomination


def decline_nomination(session: Session, actor: Actor, *, nomination_id: int, reason: str, now: datetime) -> Nomination:
    """Decline with a reason, which the nominators read. Refuses an empty one, who may not decide, and what was decided already."""
    reason = require_reason(reason)
    nomination = _decide(session, actor, nomination_id, {"state": State.DECLINED, "reason": reason}, now)
    record(session, actor, "nomination.declined", "nomination", nomination.id, now=now, reason=reason)
    mail_at = keep_decision(session, actor, kind=KIND, item_id=nomination.id, verdict="decline", now=now)
    _tell(session, nomination, "nomination_declined", now, mail_at)
    return nomination


def mark_duplicate(session: Session, actor: Actor, *, nomination_id: int, first_id: int, now: datetime) -> Nomination:
    """Mark as a duplicate of ``first_id``, which is credited; what pointed here points there.

    Refuses itself, and one that does not stand (``NotAnOriginal``), who may not decide or would be
    credited by it, and what was decided already.
    """
    if first_id == nomination_id:
        raise NotAnOriginal()
    require_decidable(actor, nominators_of(session, first_id))
    lock_nominations(session, nomination_id, first_id, standing=True)
    nomination = _decide(session, actor, nomination_id, {"state": State.DUPLICATE, "duplicate_of_id": first_id}, now)
    first = update(Nomination).where(Nomination.id == first_id, Nomination.state.in_(STANDING))
    counted = first.values(repeats=Nomination.repeats + 1 + nomination.repeats).returning(Nomination.person_id)
    row = session.execute(counted.execution_options(synchronize_session=False)).one_or_none()
    if row is None:
        raise NotAnOriginal()
    moved = or_(Nomination.id == nomination_id, Nomination.duplicate_of_id == nomination_id)
    voices = list(session.scalars(select(Nomination.id).where(Nomination.duplicate_of_id == nomination_id)))
    point = update(Nomination).where(moved).values(duplicate_of_id=first_id, person_id=row.person_id, repeats=0)
    session.execute(point.execution_options(synchronize_session=False))
    session.refresh(nomination)
    record(session, actor, "nomination.marked_duplicate", "nomination", nomination.id, now=now, duplicate_of=first_id)
    mail_at = keep_decision(
        session, actor, kind=KIND, item_id=nomination.id, verdict="duplicate", before={"first": first_id, "voices": voices}, now=now
    )
    _tell(session, nomination, "nomination_duplicate", now, mail_at)
    return nomination


def lock_nominations(session: Session, *nomination_ids: int, standing: bool = False) -> None:
    """Lock them, or those that stand, in the order of their ids, so that two who mark one as the other's duplicate never wait for each other."""
    which = [Nomination.id.in_(nomination_ids)] + ([Nomination.state.in_(STANDING)] if standing else [])
    session.execute(select(Nomination.id).where(*which).order_by(Nomination.id).with_for_update())


def _decide(session: Session, actor: Actor, nomination_id: int, values: dict[str, object], now: datetime) -> Nomination:
    """Take the one decision there is by a guarded update, and return the nomination as it stands then."""
    nomination = session.get(Nomination, nomination_id)
    if nomination is None:
        raise NotFound()
    require_decidable(actor, nominators_of(session, nomination_id))
    waiting = update(Nomination).where(Nomination.id == nomination_id, Nomination.state == State.SUBMITTED)
    decided = waiting.values(decided_at=now, decided_by_id=actor.id, **values).execution_options(synchronize_session=False)
    if not session.execute(decided).rowcount:  # type: ignore[attr-defined]
        raise AlreadyDecided()
    session.refresh(nomination)
    return nomination


def _company(session: Session, actor: Actor, nomination: Nomination, corrected: str | None, now: datetime) -> int:
    """Return the company: the corrected name's, the linked one, one of the same name that came since, or a new one."""
    name = clean_line(corrected) or nomination.company_name
    if nomination.company_id is None or name != nomination.company_name:
        found_id = company_named(session, actor, name, now)
        assert found_id is not None
        nomination.company_id, nomination.company_name = found_id, get_company(session, found_id).name
        session.flush()
    assert nomination.company_id is not None
    return nomination.company_id


def _person(session: Session, actor: Actor, nomination: Nomination, company_id: int, now: datetime) -> tuple[Person, str | None]:
    """Return the nominee as a person who is invited at least, and the key of the invitation that was made now; its mail waits for the minute.

    Who was invited before keeps the link they have.
    """
    person = find_person_by_email(session, nomination.email)
    if person is None:
        person = add_person(session, actor, name=nomination.name, email=nomination.email, company_id=company_id, title=nomination.title, now=now)
    if person.state == PersonState.DEACTIVATED:
        raise NomineeDeactivated(name=person.name)
    if person.state != PersonState.CONTACT:
        return person, None
    link = invite_person(session, actor, person_id=person.id, mail_at=now + UNDO_WITHIN, now=now)
    return person, invitation_key(person.id, link)


def told_key(nomination: Nomination, person_id: int) -> str:
    """Return the key under which a nominator is told of the decision; what is decided once more is told of again."""
    return f"nomination:{nomination.id}:{nomination.state}:{micros(nomination.decided_at or nomination.created_at)}:{person_id}"


def _tell(session: Session, nomination: Nomination, kind: str, now: datetime, mail_at: datetime | None) -> None:
    """Tell everybody who nominated this person, once each."""
    data = {"nominee": nomination.name, "company": nomination.company_name} | ({"reason": nomination.reason} if nomination.reason else {})
    for person_id, to in sorted(recipients(session, nominators_of(session, nomination.id)).items()):
        key = told_key(nomination, person_id)
        notify(session, to=to, kind=kind, data=data, key=key, now=now, link=MINE, mail_at=mail_at)
