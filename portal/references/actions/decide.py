"""Deciding on nominations: take up, approve and invite, refuse with a reason, mark as duplicate. Whoever decides first decides."""

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import require_unblocked
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.kernel.text import clean_line
from portal.people.actions.companies import company_named
from portal.people.actions.joining import invite_person
from portal.people.actions.persons import add_person
from portal.people.models import Person
from portal.people.queries.companies import get_company
from portal.people.queries.persons import find_person_by_email
from portal.people.rules.person import PersonState
from portal.references.actions.crediting import credit_approved
from portal.references.actions.links import send_link
from portal.references.actions.telling import tell_decided, tell_step
from portal.references.models.nominating import Nomination
from portal.references.queries.duplicates import said_no
from portal.references.queries.nominations import nominators_of
from portal.references.queries.review import KIND
from portal.references.rules.deciding import (
    AlreadyDecided,
    Code,
    NomineeDeactivated,
    NomineeSaidNo,
    NotAnOriginal,
    require_decidable,
    require_reason,
)
from portal.references.rules.states import STANDS, WAYS, Move, State
from portal.review.actions.undoing import keep_decision

PROPOSAL = "nomination_proposal"


def take_up(session: Session, actor: Actor, *, nomination_id: int, now: datetime) -> Nomination:
    """Let a nomination be in review, and tell its nominators, once. Refuses who may not decide, and what was decided already."""
    nomination = session.get(Nomination, nomination_id)
    if nomination is None:
        raise NotFound()
    require_decidable(actor, nominators_of(session, nomination_id))
    if not begin_review(session, actor, nomination_id=nomination_id, now=now) and nomination.state != State.SUBMITTED:
        raise AlreadyDecided()
    return nomination


def begin_review(session: Session, actor: Actor, *, nomination_id: int, now: datetime) -> bool:
    """Let what waits be in review, whoever gave it to somebody, and tell its nominators: once. Tells whether this was the first; refuses nothing."""
    waiting = update(Nomination).where(Nomination.id == nomination_id, Nomination.state.in_(WAYS[Move.TAKE_UP].start))
    begun = waiting.where(Nomination.review_began_at.is_(None)).values(review_began_at=now).execution_options(synchronize_session=False)
    is_first = bool(session.execute(begun).rowcount)  # type: ignore[attr-defined]
    nomination = session.get_one(Nomination, nomination_id, populate_existing=True)
    if is_first:
        record(session, actor, "nomination.taken_up", "nomination", nomination.id, now=now)
        tell_step(session, nomination, "in_review", now)
    return is_first


def accept_nomination(
    session: Session, actor: Actor, *, nomination_id: int, company: str | None = None, rule_id: int | None = None, now: datetime
) -> Nomination:
    """Approve: the nominee is found or made as a person, the company linked or made, the person asked by link, the nominators told and the
    first one credited.

    ``company`` corrects the company as it was typed; ``rule_id`` is the rule that decides. Refuses who may not decide (``NotAllowed``,
    ``OwnNomination``), what was decided already (``AlreadyDecided``), a nominee whose account
    is deactivated (``NomineeDeactivated``), one who said no meanwhile (``NomineeSaidNo``), and one whom a legal hold or an open escalation
    keeps from being asked for anything (``LegalHold``, ``OpenEscalation``; ``NotToBeAsked`` to a
    reviewer).
    """
    nomination = _decide(session, actor, nomination_id, Move.APPROVE, {"asked_at": now, "rule_id": rule_id}, now)
    if said_no(session, nomination.email_key):
        raise NomineeSaidNo(name=nomination.name)
    named = [nomination.company_id, nomination.company_name]
    company_id = _company(session, actor, nomination, company, now)
    person, is_invited = _person(session, actor, nomination, company_id, now)
    require_unblocked(session, person.id, now, actor)
    followers = or_(Nomination.id == nomination.id, Nomination.duplicate_of_id == nomination.id)
    session.execute(update(Nomination).where(followers).values(person_id=person.id).execution_options(synchronize_session=False))
    session.refresh(nomination)
    rule = {"rule_id": rule_id} if rule_id else {}
    record(session, actor, "nomination.accepted", "nomination", nomination.id, now=now, person_id=person.id, company_id=company_id, **rule)
    before = {"company": named, "is_invited": is_invited}
    mail_at = keep_decision(session, actor, kind=KIND, item_id=nomination.id, verdict="approve", before=before, now=now)
    send_link(session, nomination, person, PROPOSAL, now, mail_at)
    tell_decided(session, nomination, "nomination_accepted", now, mail_at)
    credit_approved(session, actor, nomination, now)
    return nomination


def decline_nomination(session: Session, actor: Actor, *, nomination_id: int, reason: str, code: Code = Code.OTHER, now: datetime) -> Nomination:
    """Do not approve, with a reason, which the nominators read, and its code.

    Refuses an empty reason, who may not decide, and what was decided already.
    """
    reason = require_reason(reason)
    nomination = _decide(session, actor, nomination_id, Move.REFUSE, {"reason": reason, "code": code}, now)
    record(session, actor, "nomination.declined", "nomination", nomination.id, now=now, reason=reason, code=code)
    mail_at = keep_decision(session, actor, kind=KIND, item_id=nomination.id, verdict="decline", now=now)
    tell_decided(session, nomination, "nomination_declined", now, mail_at)
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
    nomination = _decide(session, actor, nomination_id, Move.MARK, {"duplicate_of_id": first_id}, now)
    first = update(Nomination).where(Nomination.id == first_id, Nomination.state.in_(STANDS))
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
    tell_decided(session, nomination, "nomination_duplicate", now, mail_at)
    return nomination


def lock_nominations(session: Session, *nomination_ids: int, standing: bool = False) -> None:
    """Lock them, or those that stand, in the order of their ids, so that two who mark one as the other's duplicate never wait for each other."""
    which = [Nomination.id.in_(nomination_ids)] + ([Nomination.state.in_(STANDS)] if standing else [])
    session.execute(select(Nomination.id).where(*which).order_by(Nomination.id).with_for_update())


def _decide(session: Session, actor: Actor, nomination_id: int, move: Move, values: dict[str, object], now: datetime) -> Nomination:
    """Take the one decision there is by a guarded update, and return the nomination as it stands then."""
    nomination = session.get(Nomination, nomination_id)
    if nomination is None:
        raise NotFound()
    require_decidable(actor, nominators_of(session, nomination_id))
    waiting = update(Nomination).where(Nomination.id == nomination_id, Nomination.state.in_(WAYS[move].start))
    decided = waiting.values(state=WAYS[move].end, decided_at=now, decided_by_id=actor.id, **values).execution_options(synchronize_session=False)
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


def _person(session: Session, actor: Actor, nomination: Nomination, company_id: int, now: datetime) -> tuple[Person, bool]:
    """Return the nominee as a person who is invited at least, and whether that came with this decision.

    No invitation with a password goes out: they answer by link first. Who was invited before keeps the link they have.
    """
    person = find_person_by_email(session, nomination.email)
    if person is None:
        person = add_person(session, actor, name=nomination.name, email=nomination.email, company_id=company_id, title=nomination.title, now=now)
    if person.state == PersonState.DEACTIVATED:
        raise NomineeDeactivated(name=person.name)
    if person.state != PersonState.CONTACT:
        return person, False
    invite_person(session, actor, person_id=person.id, mail=False, now=now)
    return person, True
