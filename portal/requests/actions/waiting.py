"""The clock after the yes: who picks the time is reminded, the customer is asked for new times, both are asked whether it is done, and what
nobody goes on with ends. Who was asked about a meeting and is silent is reminded. Each may run twice.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import require_unblocked
from portal.acts.rules.refusals import Stop
from portal.audit.actions import record
from portal.finding.rules.misfits import NoConsent
from portal.kernel.actor import system
from portal.notifications.actions import notify
from portal.people.models import Person
from portal.people.queries.persons import recipient
from portal.people.rules.person import PersonState
from portal.profiles.rules.activity import Activity
from portal.requests.actions.booking import send_times
from portal.requests.actions.links import send_link
from portal.requests.actions.moving import SOURCE, locked, make_move
from portal.requests.actions.proposing import let_go, require_agreed, require_reference
from portal.requests.actions.telling import closest, customer_words, outcome_words, tell_admins, tell_staff, when_of
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting, RequestWait
from portal.requests.queries.parties import holder_of, meeting_of
from portal.requests.queries.terms import terms_of
from portal.requests.queries.waiting import has_times, said_of, wait_of
from portal.requests.rules.links import LinkKind
from portal.requests.rules.outcome import Side
from portal.requests.rules.refusals import NoReference
from portal.requests.rules.states import MEETINGS, CandidateState, Move, State
from portal.requests.rules.terms import Terms
from portal.requests.rules.waiting import GaveUp, WaitDue, WaitWord, due_of_done, due_of_meeting, due_of_silence

NEW_TIMES, DONE = "request_new_times", "request_done"
_ASKS = (WaitDue.ASK_TIMES, WaitDue.REMIND_TIMES, WaitDue.ASK_DONE, WaitDue.REMIND_DONE)
_BEGINS = (WaitDue.ASK_TIMES, WaitDue.ASK_DONE, WaitDue.TELL_SILENCE)


def follow_accepted(session: Session, *, request_id: int, now: datetime) -> str:
    """Do what is due about a request that a customer said yes to, or whose meeting nobody speaks of, and return what was done; empty for nothing.

    Who may not be written to by now, because of a hold or because they are no reference any more, is not, and is let go after the last term.
    """
    request = locked(session, request_id)
    candidate = holder_of(session, request_id)
    if request.state not in (State.ACCEPTED, State.SCHEDULED) or candidate is None:
        return ""
    terms = terms_of(session)
    due = _due(session, request, candidate, now, terms)
    can_write = due is not WaitDue.NOTHING and may_write(session, request, candidate, now)
    if due in _ASKS and not can_write:
        is_late = now >= wait_of(session, candidate).since_at + timedelta(days=terms.last_days)
        due = WaitDue.GIVE_UP if is_late else WaitDue.NOTHING
    if due is WaitDue.NOTHING:
        return ""
    if due is WaitDue.GIVE_UP:
        _give_up(session, request, candidate, now, is_told=can_write)
        return due.value
    _note(session, candidate, due, now)
    record(session, system("job"), f"request.{due}", SOURCE, request.id, now=now, candidate_id=candidate.id)
    if request.state == State.SCHEDULED:
        _tell_of_silence(session, request, candidate, due, now, can_write=can_write)
    else:
        _tell(session, request, candidate, due, now, terms)
    return due.value


def start_again(session: Session, candidate: RequestCandidate, now: datetime, word: WaitWord | None = None, words: str = "") -> None:
    """Let the clock begin anew: the customer offered new times; or, by ``word``, another one is looked for."""
    row = _row(session, candidate)
    row.since_at, row.reminded_at, row.asked_at, row.word, row.words = now, None, None, word, words
    session.flush()


def note_asked(session: Session, candidate: RequestCandidate, now: datetime) -> None:
    """Note that the customer is asked for new times now."""
    _note(session, candidate, WaitDue.ASK_TIMES, now)


def may_write(session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime) -> bool:
    """Tell whether the customer may be written to: no hold stands, they are a reference still, and what they agreed to holds."""
    try:
        require_reference(session, session.get_one(Person, candidate.person_id), Activity(request.activity))
        require_agreed(session, candidate.person_id, Activity(request.activity), now)
        require_unblocked(session, candidate.person_id, now)
    except (NoReference, NoConsent, Stop):
        return False
    return True


def accepted_requests(session: Session, after: int, limit: int) -> list[int]:
    """Return requests that a customer said yes to and that have no time, or whose meeting is over and was asked about, in order of their ids.

    What is due is looked at one by one.
    """
    held = (RequestCandidate.state == CandidateState.SCHEDULED, RequestMeeting.asked_at.is_not(None))
    over = select(RequestCandidate.request_id).join(RequestMeeting, RequestMeeting.candidate_id == RequestCandidate.id).where(*held)
    waits = or_(ReferenceRequest.state == State.ACCEPTED, and_(ReferenceRequest.state == State.SCHEDULED, ReferenceRequest.id.in_(over)))
    found = select(ReferenceRequest.id).where(waits, ReferenceRequest.id > after)
    return list(session.scalars(found.order_by(ReferenceRequest.id).limit(limit)))


def write_again(session: Session, request: ReferenceRequest, candidate: RequestCandidate, mail: str, data: dict[str, Any], now: datetime) -> None:
    """Write to the customer, with a link; who takes part finds it in their inbox too, and answers signed in."""
    to = recipient(session, candidate.person_id)
    send_link(session, candidate, LinkKind.CUSTOMER, to, mail, data, now)
    if session.get_one(Person, candidate.person_id).state == PersonState.ACTIVE:
        key = f"request:{request.id}:{candidate.id}:{mail}:{now.isoformat()}"
        notify(session, to=to, kind=mail, data=data, key=key, now=now, link=f"/asked?c={candidate.id}", mail=False)


def _due(session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime, terms: Terms) -> WaitDue:
    wait = wait_of(session, candidate)
    if request.state == State.SCHEDULED:
        meeting = meeting_of(session, candidate.id)
        if meeting is None or meeting.asked_at is None or meeting.cancelled_at is not None:
            return WaitDue.NOTHING
        return due_of_silence(wait, meeting.asked_at, said=len(said_of(session, candidate.id)), now=now, terms=terms)
    if request.activity in MEETINGS:
        return due_of_meeting(wait, has_times=has_times(session, candidate.id, now), now=now, terms=terms)
    return due_of_done(wait, said=len(said_of(session, candidate.id)), now=now, terms=terms)


def _row(session: Session, candidate: RequestCandidate) -> RequestWait:
    row = session.get(RequestWait, candidate.id, populate_existing=True)
    if row is None:
        row = RequestWait(candidate_id=candidate.id, since_at=wait_of(session, candidate).since_at, rounds=0)
        session.add(row)
    return row


def _note(session: Session, candidate: RequestCandidate, due: WaitDue, now: datetime) -> None:
    row = _row(session, candidate)
    if due in _BEGINS:
        row.asked_at, row.reminded_at = now, None
        row.rounds += due is WaitDue.ASK_TIMES
    else:
        row.reminded_at = now
    session.flush()


def _tell(session: Session, request: ReferenceRequest, candidate: RequestCandidate, due: WaitDue, now: datetime, terms: Terms) -> None:
    if due is WaitDue.REMIND_PICK:
        is_sent = send_times(session, request, candidate, now, mail="request_times_again")
        tell_staff(session, request, "no_time" if is_sent else "no_time_no_address", now, to=closest(request), candidate=candidate)
        return
    asked_at = wait_of(session, candidate).asked_at or now
    data = customer_words(session, request, candidate) | {"until": (asked_at + timedelta(days=terms.last_days)).isoformat()}
    data |= {"is_again": due in (WaitDue.REMIND_TIMES, WaitDue.REMIND_DONE), "cause": "over", "wish": ""}
    if due in (WaitDue.ASK_TIMES, WaitDue.REMIND_TIMES):
        write_again(session, request, candidate, NEW_TIMES, data, now)
        if due is WaitDue.ASK_TIMES:
            tell_staff(session, request, "times_over", now, to=closest(request), candidate=candidate)
        return
    said = said_of(session, candidate.id)
    if Side.REQUESTER not in said:
        tell_staff(session, request, "done", now, to={request.requester_id}, candidate=candidate)
    if Side.CUSTOMER not in said:
        write_again(session, request, candidate, DONE, data, now)


def _tell_of_silence(
    session: Session, request: ReferenceRequest, candidate: RequestCandidate, due: WaitDue, now: datetime, *, can_write: bool
) -> None:
    if due is WaitDue.TELL_SILENCE:
        tell_admins(session, request, "silent", now, candidate=candidate)
        return
    tell_staff(session, request, "outcome", now, to={request.requester_id}, candidate=candidate, **when_of(session, candidate))
    if can_write:
        write_again(session, request, candidate, "request_outcome", outcome_words(session, request, candidate), now)


def _give_up(session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime, *, is_told: bool) -> None:
    is_meeting = request.activity in MEETINGS
    step, why = ("gave_up_time", GaveUp.NO_TIME) if is_meeting else ("gave_up_done", GaveUp.NOT_SAID)
    make_move(session, request, Move.GIVE_UP, now=now, unfilled_by=why.value)
    let_go(session, request, candidate, Move.GIVE_UP, now, mail="request_gave_up" if is_told else None)
    record(session, system("job"), f"request.{step}", SOURCE, request.id, now=now, candidate_id=candidate.id)
    owner = {candidate.owner_id} if candidate.owner_id else set()
    tell_staff(session, request, step, now, to=closest(request) | owner, candidate=candidate)
