"""The customer answers: yes with times, no with a reason, or a colleague instead; by link, or signed in on their own page. One answer counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.accounts.actions.granting import end_grants, grant_contact
from portal.acts.actions.answering import answer_ask
from portal.acts.actions.blocking import require_not_held
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.text import clean, clean_line
from portal.people.queries.persons import get_person, zone_of
from portal.people.rules.person import EMAIL_LENGTH, NAME_LENGTH
from portal.profiles.rules.activity import Activity
from portal.requests.actions.booking import cancel_booked, keep_slots, send_times, take_off, tell_prospect_off
from portal.requests.actions.links import revoke_links
from portal.requests.actions.moving import SOURCE, locked, make_move
from portal.requests.actions.telling import closest, company_name, tell_admins, tell_staff
from portal.requests.actions.waiting import start_again
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.queries.parties import blackouts_of, has_begun
from portal.requests.rules.answering import CUSTOMER_NO_NAMES, SAID_LENGTH, CustomerNo, require_length, require_slots
from portal.requests.rules.links import LinkKind
from portal.requests.rules.refusals import AnsweredBefore, CodeNeeded, ColleagueNeeded, HeldAlready, NotNeeded, YesMeanwhile
from portal.requests.rules.states import MEETINGS, WAYS, CandidateState, Move


def customer(candidate: RequestCandidate, origin: str) -> Actor:
    """Return the customer of a link, who is not signed in by it."""
    return Actor(id=candidate.person_id, roles=frozenset({"visitor"}), origin=origin)


def accept(
    session: Session,
    origin: str,
    *,
    candidate: RequestCandidate,
    walls: Sequence[datetime | None] = (),
    minutes: int = 30,
    zone: str = "",
    now: datetime,
) -> ReferenceRequest:
    """Say yes, to a meeting with at least one time: ``walls`` as a clock in ``zone`` shows them.

    From now on the requester may see how to reach the customer. Refuses: AnsweredBefore, NotNeeded, AskLapsed, HeldBack, LengthUnknown,
    NoSlots, and each time that cannot be.
    """
    actor, request = customer(candidate, origin), locked(session, candidate.request_id)
    _require_waiting(session, candidate, Move.ACCEPT)
    require_not_held(session, candidate.person_id, now)
    where = zone or zone_of(session, candidate.person_id)
    starts = _times(session, request, candidate, walls, minutes, where, now)
    make_move(session, request, Move.ACCEPT, now=now, candidate=candidate, accepted_at=now)
    candidate.answered_at = now
    session.flush()
    if candidate.ask_id is not None:
        answer_ask(session, actor, ask_id=candidate.ask_id, is_yes=True, source=(SOURCE, request.id), is_told=False, now=now)
    if starts:
        keep_slots(session, candidate, starts, minutes=minutes, zone=where)
    grant_contact(session, viewer_id=request.requester_id, person_id=candidate.person_id, source=(SOURCE, request.id), now=now)
    record(session, actor, "request.accepted", SOURCE, request.id, now=now, candidate_id=candidate.id, slots=len(starts))
    is_sent = bool(starts) and send_times(session, request, candidate, now)
    step = "accepted" if is_sent or not starts else "accepted_no_address"
    owner = {candidate.owner_id} if candidate.owner_id else set()
    tell_staff(session, request, step, now, to=closest(request), candidate=candidate)
    tell_staff(session, request, "accepted", now, to=owner - closest(request), candidate=candidate)
    return request


def offer_others(
    session: Session, origin: str, *, candidate: RequestCandidate, walls: Sequence[datetime | None], minutes: int, zone: str, now: datetime
) -> None:
    """Offer other times after the yes; the prospect, or the requester, picks anew. What was settled is off, and both calendars are told.

    Refuses: NotNeeded, HeldAlready, LengthUnknown, and times that cannot be.
    """
    actor, request = customer(candidate, origin), locked(session, candidate.request_id)
    session.refresh(candidate)
    if candidate.state not in WAYS[Move.BOOK].candidate_start:
        raise NotNeeded()
    starts = _times(session, request, candidate, walls, minutes, zone, now)
    is_off = take_off(session, request, candidate, now, is_open=True) is not None
    keep_slots(session, candidate, starts, minutes=minutes, zone=zone)
    start_again(session, candidate, now)
    record(session, actor, "request.other_times", SOURCE, request.id, now=now, candidate_id=candidate.id, slots=len(starts))
    send_times(session, request, candidate, now, is_new=not is_off)
    tell_staff(session, request, "other_times_off" if is_off else "other_times", now, to=closest(request), candidate=candidate)


def decline(
    session: Session,
    origin: str,
    *,
    candidate: RequestCandidate,
    code: str,
    said: str = "",
    colleague: str = "",
    colleague_email: str = "",
    seen: str | None = None,
    now: datetime,
) -> ReferenceRequest:
    """Say no, with a reason from the list; who said yes may still. A colleague may be named instead, whom the requester can nominate.

    The slot is free again, what was booked is called off, a prospect who had times hears so, and the request looks for somebody else.
    ``seen`` is how it stood on the page of the no. Refuses: AnsweredBefore, NotNeeded, AskLapsed, HeldAlready, CodeNeeded; ColleagueNeeded where one
    would be better and none is named; YesMeanwhile where the page knew of no yes.
    """
    actor, request = customer(candidate, origin), locked(session, candidate.request_id)
    if code not in set(CustomerNo):
        raise CodeNeeded()
    _require_waiting(session, candidate, Move.REFUSE)
    if seen == CandidateState.ASKED and candidate.state != CandidateState.ASKED:
        raise YesMeanwhile()
    if has_begun(session, candidate, now):
        raise HeldAlready()
    if code == CustomerNo.COLLEAGUE and not clean_line(colleague):
        raise ColleagueNeeded()
    was = CandidateState(candidate.state)
    cancel_booked(session, request, candidate, now)
    make_move(session, request, Move.REFUSE, now=now, candidate=candidate)
    candidate.answered_at, candidate.decline_code, candidate.said = now, code, clean(said)[:SAID_LENGTH]
    candidate.suggested_name, candidate.suggested_email = clean_line(colleague)[:NAME_LENGTH], clean_line(colleague_email)[:EMAIL_LENGTH]
    session.flush()
    if candidate.ask_id is not None:
        answer_ask(session, actor, ask_id=candidate.ask_id, is_yes=False, reason=candidate.said, source=(SOURCE, request.id), is_told=False, now=now)
    tell_prospect_off(session, request, candidate, was, now)
    revoke_links(session, candidate.id, now, LinkKind.PROSPECT, LinkKind.OWNER)
    end_grants(session, (SOURCE, request.id), now)
    record(session, actor, "request.customer_declined", SOURCE, request.id, now=now, candidate_id=candidate.id, code=code)
    step = "cannot" if was is CandidateState.SCHEDULED else "suggested" if candidate.suggested_name else "declined"
    words: dict[str, Any] = {"reason": candidate.said, "code": CUSTOMER_NO_NAMES[CustomerNo(code)]}
    tell_staff(session, request, step, now, to=closest(request), candidate=candidate, **words)
    if code == CustomerNo.NOT_HAPPY:
        _tell_worry(session, request, candidate, words, now)
    return request


def _tell_worry(session: Session, request: ReferenceRequest, candidate: RequestCandidate, words: dict[str, Any], now: datetime) -> None:
    """Tell who looks after a customer, or the admins where nobody does, that they are not happy."""
    if candidate.owner_id is not None:
        tell_staff(session, request, "unhappy", now, to={candidate.owner_id}, candidate=candidate, **words)
    else:
        tell_admins(session, request, "unhappy", now, candidate=candidate, **words)


def nomination_of(session: Session, candidate: RequestCandidate) -> dict[str, str]:
    """Return what the form of a nomination is filled with for the colleague whom a customer named."""
    named = get_person(session, candidate.person_id).name
    return {
        "name": candidate.suggested_name,
        "email": candidate.suggested_email,
        "company": company_name(session, candidate),
        "why": named,
    }


def _times(
    session: Session, request: ReferenceRequest, candidate: RequestCandidate, walls: Sequence[datetime | None], minutes: int, zone: str, now: datetime
) -> list[datetime]:
    if request.activity not in MEETINGS:
        return []
    require_length(minutes, Activity(request.activity))
    return require_slots(walls, zone, blackouts_of(session, candidate.person_id), now, minutes=minutes)


def _require_waiting(session: Session, candidate: RequestCandidate, move: Move) -> None:
    """Refuse an answer to what was answered, or is not needed any more, with the request's row locked."""
    session.refresh(candidate)
    if candidate.state in WAYS[move].candidate_start:
        return
    answered = (CandidateState.ACCEPTED, CandidateState.SCHEDULED, CandidateState.DECLINED, CandidateState.COMPLETED, CandidateState.MISSED)
    raise AnsweredBefore() if candidate.state in answered else NotNeeded()
