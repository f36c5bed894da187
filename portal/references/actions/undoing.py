"""Undoing within the minute what was decided on a nomination, by whoever decided. Who became known by it stays a contact."""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotFound
from portal.people.actions.joining import uninvite_person
from portal.people.queries.persons import get_person, recipients
from portal.references.actions.crediting import take_credit_back
from portal.references.actions.decide import PROPOSAL, lock_nominations
from portal.references.actions.links import mail_key_of, revoke_links, stop_mail
from portal.references.actions.telling import page_of, told_key
from portal.references.models.nominating import Nomination
from portal.references.queries.nominations import parts_in
from portal.references.queries.review import KIND
from portal.references.rules.deciding import InvitationOut, NominatedAgain, require_decidable
from portal.references.rules.states import State
from portal.review.actions.undoing import take_decision, tell_recalled
from portal.review.models import ReviewDecision
from portal.review.rules.refusals import NothingToUndo

STOOD = {"approve": State.INVITED, "decline": State.NOT_APPROVED, "duplicate": State.DUPLICATE}


def undo_decision(session: Session, actor: Actor, *, decision_id: int, now: datetime) -> Nomination:
    """Let a nomination wait again as before the actor's own decision of the last minute.

    An invitation that went with it is stopped, and worth nothing. Refuses: NotYourVerdict, UndoTooLate, NothingToUndo, who may not decide,
    a nominee whose invitation is out (InvitationOut), and where another nomination of the address stands (NominatedAgain).
    """
    kept = take_decision(session, actor, kind=KIND, decision_id=decision_id, now=now)
    lock_nominations(session, kept.item_id, *([kept.before["first"]] if "first" in kept.before else []))
    nomination = session.get_one(Nomination, kept.item_id, populate_existing=True)
    own = parts_in(session, nomination.id)
    nominators = set(own)
    require_decidable(actor, nominators)
    stands = nomination.state == STOOD[kept.verdict] and (nomination.decided_by_id, nomination.decided_at) == (actor.id, kept.at)
    if not stands or nomination.duplicate_of_id != kept.before.get("first"):
        raise NothingToUndo()
    told = {person_id: told_key(nomination, person_id) for person_id in nominators}
    if kept.verdict == "approve":
        _uninvite(session, actor, kept, nomination, now)
    elif kept.verdict == "duplicate":
        _part(session, kept, nomination)
    _wait_again(session, kept, nomination)
    record(session, actor, "nomination.recalled", KIND, nomination.id, now=now, verdict=kept.verdict)
    data: dict[str, Any] = {"nominee": nomination.name, "company": nomination.company_name}
    for person_id, to in sorted(recipients(session, nominators).items()):
        tell_recalled(session, kept, to=to, told=told[person_id], kind="nomination_recalled", data=data, link=page_of(own[person_id]), now=now)
    return nomination


def _uninvite(session: Session, actor: Actor, kept: ReviewDecision, nomination: Nomination, now: datetime) -> None:
    """Let the nominee be asked nothing: the mail is stopped, its link worth nothing, the credit taken back."""
    if nomination.person_id is None:
        raise NotFound()
    person = get_person(session, nomination.person_id)
    is_stopped = stop_mail(session, person, mail_key_of(nomination, PROPOSAL, kept.at), now)
    if not is_stopped or (kept.before["is_invited"] and not uninvite_person(session, actor, person_id=person.id, invited_at=kept.at, now=now)):
        raise InvitationOut()
    revoke_links(session, nomination.id, now)
    take_credit_back(session, actor, nomination, now)
    followers = or_(Nomination.id == nomination.id, Nomination.duplicate_of_id == nomination.id)
    session.execute(update(Nomination).where(followers).values(person_id=None).execution_options(synchronize_session=False))


def _part(session: Session, kept: ReviewDecision, nomination: Nomination) -> None:
    """Let a duplicate and the voices that came with it leave the first again."""
    voices = kept.before["voices"]
    back = update(Nomination).where(Nomination.id.in_(voices)).values(duplicate_of_id=nomination.id, person_id=None)
    session.execute(back.execution_options(synchronize_session=False))
    first = update(Nomination).where(Nomination.id == kept.before["first"]).values(repeats=Nomination.repeats - 1 - len(voices))
    session.execute(first.execution_options(synchronize_session=False))


def _wait_again(session: Session, kept: ReviewDecision, nomination: Nomination) -> None:
    values: dict[str, Any] = {"state": State.SUBMITTED, "decided_at": None, "decided_by_id": None, "reason": "", "code": ""}
    values |= {"duplicate_of_id": None, "person_id": None, "asked_at": None, "rule_id": None}
    if kept.verdict == "approve":
        values["company_id"], values["company_name"] = kept.before["company"]
    elif kept.verdict == "duplicate":
        values["repeats"] = len(kept.before["voices"])
    try:
        with session.begin_nested():
            own = update(Nomination).where(Nomination.id == nomination.id).values(**values)
            session.execute(own.execution_options(synchronize_session=False))
    except IntegrityError as error:
        if violated(error, "nomination", "email_key", name="uq_nomination_email_key_open"):
            raise NominatedAgain() from error
        raise
    session.refresh(nomination)
