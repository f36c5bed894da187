"""Writing down a meeting that was arranged outside the portal: it is over, both sides are asked what happened, and it is settled as any other."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.ids import new_key
from portal.kernel.text import clean_line
from portal.requests.actions.booking import cancel_booked, forget_word
from portal.requests.actions.moving import SOURCE, locked_for, make_move, require_holder, require_way
from portal.requests.actions.telling import closest, outcome_words, tell_staff
from portal.requests.actions.waiting import may_write, write_again
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting, RequestOutcome, RequestOutside, RequestSlot
from portal.requests.queries.parties import meeting_of
from portal.requests.queries.waiting import outside_of, said_of
from portal.requests.rules.outcome import WHO_LENGTH, require_outside
from portal.requests.rules.refusals import NoMeeting, ToldAlready
from portal.requests.rules.states import MEETINGS, Move


def write_outside(
    session: Session, actor: Actor, *, request_id: int, candidate_id: int, wall: datetime, zone: str, minutes: int, who: str, now: datetime
) -> RequestMeeting:
    """Write down that the meeting took place outside the portal, at ``wall`` as a clock in ``zone`` showed it, and ask both what happened.

    Times that were offered, and one that was picked and is still to come, are off. The same once more is one; while nobody has said what
    happened, time and names can be put right. Refuses: RequestUnknown, NotAllowed, RequestMoved, NoMeeting, SlotNever, OutsideLater,
    OutsideBefore, LengthNeeded; ToldAlready once somebody said that it took place.
    """
    request = locked_for(session, actor, request_id, Move.BOOK)
    require_way(request, Move.BOOK)
    candidate = require_holder(session, request, candidate_id)
    if request.activity not in MEETINGS:
        raise NoMeeting()
    starts_at = require_outside(wall, zone, minutes, opened_at=request.opened_at, now=now)
    named = clean_line(who)[:WHO_LENGTH]
    meeting, before = meeting_of(session, candidate.id), outside_of(session, candidate.id)
    if before is not None and meeting is not None and (meeting.starts_at, meeting.minutes, before.who) == (starts_at, minutes, named):
        return meeting
    if any(one.came for one in said_of(session, candidate.id).values()):
        raise ToldAlready()
    cancel_booked(session, request, candidate, now, is_held=True)
    make_move(session, request, Move.BOOK, now=now, candidate=candidate)
    forget_word(session, candidate)
    meeting = _put(session, candidate, meeting, starts_at, minutes, zone, now)
    note = before or RequestOutside(candidate_id=candidate.id)
    note.who, note.noted_by_id, note.noted_at = named, int(actor.id or 0), now
    session.add(note)
    session.flush()
    record(session, actor, "request.outside", SOURCE, request.id, now=now, candidate_id=candidate.id, starts_at=starts_at.isoformat())
    if before is None:
        _ask(session, actor, request, candidate, starts_at, now)
    return meeting


def _put(
    session: Session, candidate: RequestCandidate, meeting: RequestMeeting | None, starts_at: datetime, minutes: int, zone: str, now: datetime
) -> RequestMeeting:
    """Let the meeting be this one, of which both are asked now; what was said was said of another, and no offered time is left to pick."""
    session.execute(delete(RequestOutcome).where(RequestOutcome.candidate_id == candidate.id).execution_options(synchronize_session=False))
    mine = update(RequestSlot).where(RequestSlot.candidate_id == candidate.id)
    session.execute(mine.values(is_offered=False).execution_options(synchronize_session=False))
    meeting = meeting or RequestMeeting(candidate_id=candidate.id, uid=new_key(), sequence=0)
    meeting.starts_at, meeting.minutes, meeting.zone, meeting.place = starts_at, minutes, zone, ""
    meeting.booked_at, meeting.asked_at, meeting.cancelled_at = now, now, None
    session.add(meeting)
    session.flush()
    return meeting


def _ask(session: Session, actor: Actor, request: ReferenceRequest, candidate: RequestCandidate, starts_at: datetime, now: datetime) -> None:
    tell_staff(session, request, "outside", now, to=closest(request), candidate=candidate, by=actor, when=starts_at.isoformat())
    if may_write(session, request, candidate, now):
        write_again(session, request, candidate, "request_outcome", outcome_words(session, request, candidate), now)
