"""The clock: owners and customers are reminded, admins told, silence counts, both sides are asked what happened. Each may run twice."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.actions.answering import expire_due
from portal.acts.actions.blocking import require_unblocked
from portal.acts.models.asks import OpenAsk
from portal.acts.queries.asks import outcomes_of
from portal.acts.queries.blocks import standing_blocks, stands_on
from portal.acts.rules.asks import Came
from portal.acts.rules.refusals import Stop
from portal.audit.actions import record
from portal.kernel.actor import system
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.people.models import Person
from portal.people.queries.persons import recipient
from portal.requests.actions.booking import call_off, tell_prospect_off
from portal.requests.actions.links import revoke_links, send_link
from portal.requests.actions.moving import SOURCE, locked, make_move
from portal.requests.actions.outcomes import settle_if_due
from portal.requests.actions.proposing import ask_owner_mail, let_go
from portal.requests.actions.telling import asked_words, closest, outcome_words, tell_admins, tell_staff, when_of
from portal.requests.actions.waiting import may_write
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting, RequestOutcome
from portal.requests.queries.parties import has_begun, holder_of, meeting_of
from portal.requests.queries.terms import terms_of
from portal.requests.rules.links import LinkKind
from portal.requests.rules.outcome import ASK_AFTER, Verdict, ask_at
from portal.requests.rules.states import HOLDING, WAYS, CandidateState, Move, State
from portal.requests.rules.terms import Due, due_of_customer, due_of_owner

WAITING = (CandidateState.PROPOSED, CandidateState.OWNER_AGREED, CandidateState.ASKED)
SILENT = {CandidateState.PROPOSED: "owner_no_answer", CandidateState.OWNER_AGREED: "not_asked", CandidateState.ASKED: "no_answer"}
"""Whose silence let a slot lapse."""


def follow(session: Session, *, request_id: int, now: datetime) -> str:
    """Do what is due about the candidate of a request who waits, and return what was done; empty for nothing.

    One whose ask lapsed, or ended elsewhere, is the request's no more, and somebody else is looked for.
    """
    request = locked(session, request_id)
    candidate = holder_of(session, request_id)
    if candidate is None or candidate.state not in WAITING:
        return ""
    if candidate.ask_id is not None:
        expire_due(session, system("job"), people=[candidate.person_id], now=now)
        if session.get(OpenAsk, candidate.ask_id, populate_existing=True) is None:
            return _lapse(session, request, candidate, now)
    terms = terms_of(session)
    if candidate.state == CandidateState.PROPOSED and candidate.owner_id is not None:
        due = due_of_owner(candidate.proposed_at, candidate.owner_reminded_at, candidate.escalated_at, now, terms)
    elif candidate.state == CandidateState.ASKED and candidate.asked_at is not None:
        due = due_of_customer(candidate.asked_at, candidate.customer_reminded_at, now, terms)
    else:
        due = Due.NOTHING
    if due is not Due.NOTHING and not may_write(session, request, candidate, now):
        if _is_held(session, candidate, now):
            return _let_go(session, request, candidate, now)
        return _let_go(session, request, candidate, now, mail=None)  # a consent that ended: they said so themselves
    return _remind(session, request, candidate, due, now)


def let_held_go(session: Session, *, request_id: int, now: datetime) -> bool:
    """Take back whom a hold or an escalation that was set meanwhile keeps from being asked, unless their meeting has begun; tells whether it did.

    Who was written to hears, in words that tell nothing of it, that they are not needed, and so does a prospect who had times; what was settled
    is out of both calendars. The requester looks for somebody else.
    """
    request = locked(session, request_id)
    candidate = holder_of(session, request_id)
    if candidate is None or has_begun(session, candidate, now) or not _is_held(session, candidate, now):
        return False
    _let_go(session, request, candidate, now)
    return True


def _is_held(session: Session, candidate: RequestCandidate, now: datetime) -> bool:
    try:
        require_unblocked(session, candidate.person_id, now)
    except Stop:
        return True
    return False


def _let_go(
    session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime, *, mail: str | None = "request_not_needed"
) -> str:
    """Take back who may not be asked any more since they were proposed, with ``mail`` to whom was written to, if any."""
    make_move(session, request, Move.TAKE_BACK, now=now)
    let_go(session, request, candidate, Move.TAKE_BACK, now, mail=mail)
    record(session, system("job"), "request.candidate_taken_back", SOURCE, request.id, now=now, candidate_id=candidate.id, reason="")
    blocks = standing_blocks(session, person_id=candidate.person_id, company_id=session.get_one(Person, candidate.person_id).company_id)
    tell_staff(session, request, "taken_back", now, to=closest(request), candidate=candidate, blocks=blocks)
    return "taken_back"


def _remind(session: Session, request: ReferenceRequest, candidate: RequestCandidate, due: Due, now: datetime) -> str:
    if due is Due.NOTHING:
        return ""
    if due is Due.REMIND_OWNER:
        candidate.owner_reminded_at = now
        ask_owner_mail(session, request, candidate, "request_agree_again", now)
    elif due is Due.ESCALATE:
        candidate.escalated_at = now
        tell_admins(session, request, "owner_silent", now, candidate=candidate)
    else:
        candidate.customer_reminded_at = now
        held = session.get_one(OpenAsk, candidate.ask_id)
        data = asked_words(session, request, candidate) | {"until": held.expires_at.isoformat()}
        send_link(session, candidate, LinkKind.CUSTOMER, recipient(session, candidate.person_id), "request_reminder", data, now)
    session.flush()
    record(session, system("job"), f"request.{due}", SOURCE, request.id, now=now, candidate_id=candidate.id)
    return due.value


def _lapse(session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime) -> str:
    """The ask ended outside of this room: by silence, or because staff settled it elsewhere.

    Only who was written to can have been silent: where the account owner was, or nobody wrote, the customer is taken back, and may come again.
    Who was written to hears that they are not needed any more, unless the no that ended it was theirs.
    """
    last, was = outcomes_of(session, int(candidate.ask_id or 0))[-1:], CandidateState(candidate.state)
    step = SILENT[was] if last == [Came.EXPIRED] else "taken_back"
    move = Move.LAPSE if step == "no_answer" else Move.TAKE_BACK
    make_move(session, request, move, now=now, candidate=candidate)
    if step == "taken_back" and last != [Came.DECLINED]:
        call_off(session, request, candidate, was, now)
    tell_prospect_off(session, request, candidate, was, now)
    revoke_links(session, candidate.id, now)
    event = "request.candidate_taken_back" if step == "taken_back" else f"request.{step}"
    record(session, system("job"), event, SOURCE, request.id, now=now, candidate_id=candidate.id)
    tell_staff(session, request, step, now, to=closest(request), candidate=candidate)
    return step


def ask_both(session: Session, *, candidate_id: int, now: datetime) -> bool:
    """Ask both sides what happened, two hours after the planned end, once; tells whether it did."""
    found = session.get(RequestCandidate, candidate_id)
    if found is None:
        return False
    request = locked(session, found.request_id)
    candidate, meeting = holder_of(session, request.id), meeting_of(session, candidate_id)
    if meeting is None or meeting.asked_at is not None or meeting.cancelled_at is not None or now < ask_at(meeting.starts_at, meeting.minutes):
        return False
    meeting.asked_at = now
    session.flush()
    if candidate is None or candidate.id != candidate_id or candidate.state != CandidateState.SCHEDULED:
        return False
    record(session, system("job"), "request.outcome_asked", SOURCE, request.id, now=now, candidate_id=candidate_id)
    tell_staff(session, request, "outcome", now, to={request.requester_id}, candidate=candidate, **when_of(session, candidate))
    data = outcome_words(session, request, candidate)
    send_link(session, candidate, LinkKind.CUSTOMER, recipient(session, candidate.person_id), "request_outcome", data, now)
    return True


def settle_silence(session: Session, *, request_id: int, now: datetime) -> bool:
    """Let what one side said stand where the other is silent; tells whether something was decided."""
    return settle_if_due(session, request_id=request_id, now=now) in (Verdict.COMPLETED, Verdict.MISSED)


def waiting_requests(session: Session, after: int, limit: int) -> list[int]:
    """Return requests with a candidate who waits, in order of their ids."""
    states = (State.PROPOSED, State.OWNER_AGREED, State.CUSTOMER_ASKED)
    found = select(ReferenceRequest.id).where(ReferenceRequest.state.in_(states), ReferenceRequest.id > after)
    return list(session.scalars(found.order_by(ReferenceRequest.id).limit(limit)))


def held_requests(session: Session, after: int, limit: int) -> list[int]:
    """Return requests whose candidate, or the company of theirs, stands under a hold or an escalation, in order of their ids."""
    found = (
        select(RequestCandidate.request_id)
        .join(Person, Person.id == RequestCandidate.person_id)
        .where(RequestCandidate.state.in_(HOLDING), RequestCandidate.request_id > after, stands_on())
    )
    return list(session.scalars(found.order_by(RequestCandidate.request_id).limit(limit)))


def over_requests(session: Session, now: datetime, after: int, limit: int) -> list[int]:
    """Return requests whose day is over and that nobody said yes to, in order of their ids."""
    today = local_date(now, programme_zone(session))
    found = select(ReferenceRequest.id).where(ReferenceRequest.state.in_(WAYS[Move.EXPIRE].start), ReferenceRequest.needed_by < today)
    return list(session.scalars(found.where(ReferenceRequest.id > after).order_by(ReferenceRequest.id).limit(limit)))


def unasked_meetings(session: Session, now: datetime, after: int, limit: int) -> list[int]:
    """Return candidates whose meeting may be over, and of which nobody was asked, in order of their ids; which are due is looked at one by one."""
    unasked = (RequestMeeting.asked_at.is_(None), RequestMeeting.cancelled_at.is_(None), RequestMeeting.starts_at < now - ASK_AFTER)
    found = select(RequestMeeting.candidate_id).where(*unasked, RequestMeeting.candidate_id > after)
    return list(session.scalars(found.order_by(RequestMeeting.candidate_id).limit(limit)))


def half_said(session: Session, now: datetime, after: int, limit: int) -> list[int]:
    """Return requests of which one side said long enough ago what happened."""
    old = now - timedelta(days=terms_of(session).confirm_days)
    found = (
        select(RequestCandidate.request_id)
        .join(RequestOutcome, RequestOutcome.candidate_id == RequestCandidate.id)
        .where(RequestCandidate.state.in_(WAYS[Move.COMPLETE].candidate_start), RequestOutcome.said_at <= old, RequestCandidate.request_id > after)
    )
    # Who differ wait for a person, and not for the clock.
    one_side = found.group_by(RequestCandidate.request_id).having(func.count() == 1)
    return list(session.scalars(one_side.order_by(RequestCandidate.request_id).limit(limit)))
