"""Another time: the prospect can make none of those that are offered, or not the one that was settled; or whoever asked needs another one.

What was settled is taken out of both calendars, and the request stands where times are looked for.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.text import clean
from portal.requests.actions.booking import keep_slots, send_times, take_off
from portal.requests.actions.moving import SOURCE, locked, locked_for, request_moved, require_holder, require_way
from portal.requests.actions.telling import closest, customer_words, tell_staff
from portal.requests.actions.waiting import NEW_TIMES, may_write, note_asked, start_again, write_again
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.queries.parties import meeting_of, settled_of
from portal.requests.queries.terms import terms_of
from portal.requests.queries.waiting import has_times, wait_of
from portal.requests.rules.answering import REASON_LENGTH
from portal.requests.rules.refusals import ToldUsAlready, WhyNeeded
from portal.requests.rules.states import MEETINGS, Move
from portal.requests.rules.waiting import WaitWord


def say_none_suits(session: Session, origin: str, *, candidate: RequestCandidate, wish: str = "", now: datetime) -> ReferenceRequest:
    """Say, by the prospect's link, that no offered time suits, nor the one that was settled; ``wish`` says when it would.

    The customer is asked for other times, and the requester told. Refuses: RequestMoved, HeldAlready; ToldUsAlready where no time is left to
    say it of.
    """
    request, visitor, holder = _by_link(session, candidate, origin)
    if settled_of(session, holder.id) is None and not has_times(session, holder.id, now):
        raise ToldUsAlready()
    said = clean(wish)[:REASON_LENGTH]
    take_off(session, request, holder, now, is_open=True)
    keep_slots(session, holder, [], minutes=0, zone="")
    start_again(session, holder, now, WaitWord.NONE_SUITS, said)
    record(session, visitor, "request.none_suits", SOURCE, request.id, now=now, candidate_id=holder.id)
    _ask_customer(session, request, holder, WaitWord.NONE_SUITS, said, now)
    tell_staff(session, request, "none_suits", now, to=closest(request), candidate=holder, reason=said)
    return request


def say_not_needed(session: Session, origin: str, *, candidate: RequestCandidate, why: str, now: datetime) -> ReferenceRequest:
    """Say, by the prospect's link, that they cannot come or need it no more, and why. The requester is told and decides; what was settled is
    taken out of both calendars. Refuses: RequestMoved, HeldAlready, WhyNeeded; ToldUsAlready the second time.
    """
    request, visitor, holder = _by_link(session, candidate, origin)
    said = clean(why)[:REASON_LENGTH]
    if not said:
        raise WhyNeeded()
    if wait_of(session, holder).word == WaitWord.NOT_NEEDED:
        raise ToldUsAlready()
    take_off(session, request, holder, now)
    start_again(session, holder, now, WaitWord.NOT_NEEDED, said)
    record(session, visitor, "request.not_needed", SOURCE, request.id, now=now, candidate_id=holder.id)
    tell_staff(session, request, "prospect_cannot", now, to=closest(request), candidate=holder, reason=said)
    return request


def ask_another_time(session: Session, actor: Actor, *, request_id: int, candidate_id: int, why: str = "", now: datetime) -> ReferenceRequest:
    """Ask for another time than the one that was settled, or once more where the prospect had needed none.

    Both calendars are told. Where offered times are left, the prospect picks another one, else the customer is asked for new ones. Refuses:
    RequestUnknown, NotAllowed, RequestMoved, HeldAlready.
    """
    request = locked_for(session, actor, request_id, Move.REOPEN)
    holder = require_holder(session, request, candidate_id)
    if take_off(session, request, holder, now, is_open=True) is None and wait_of(session, holder).word != WaitWord.NOT_NEEDED:
        raise request_moved(request)
    said = clean(why)[:REASON_LENGTH]
    start_again(session, holder, now, WaitWord.ANOTHER, said)
    record(session, actor, "request.another_time", SOURCE, request.id, now=now, candidate_id=holder.id)
    if has_times(session, holder.id, now):
        # Who had picked none before they said that it is not needed reads of the same times once more.
        send_times(session, request, holder, now, mail="request_times" if meeting_of(session, holder.id) else "request_times_again")
    else:
        _ask_customer(session, request, holder, WaitWord.ANOTHER, said, now)
    tell_staff(session, request, "another_time", now, to=closest(request), candidate=holder, by=actor, reason=said)
    return request


def _by_link(session: Session, candidate: RequestCandidate, origin: str) -> tuple[ReferenceRequest, Actor, RequestCandidate]:
    request = locked(session, candidate.request_id)
    holder = require_holder(session, request, candidate.id)
    require_way(request, Move.BOOK)
    if request.activity not in MEETINGS:
        raise request_moved(request)
    return request, Actor(id=None, roles=frozenset({"visitor"}), origin=origin), holder


def _ask_customer(session: Session, request: ReferenceRequest, candidate: RequestCandidate, cause: WaitWord, said: str, now: datetime) -> None:
    """Ask the customer for other times, unless they may not be written to; then the clock lets them go."""
    if not may_write(session, request, candidate, now):
        return
    note_asked(session, candidate, now)
    until = now + timedelta(days=terms_of(session).last_days)
    told: dict[str, Any] = {"until": until.isoformat(), "is_again": False, "cause": cause.value, "wish": said}
    write_again(session, request, candidate, NEW_TIMES, customer_words(session, request, candidate) | told, now)
