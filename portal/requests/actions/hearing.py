"""What requests hear from other rooms: that somebody is no reference any more."""

from collections.abc import Set as AbstractSet
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.profiles.actions.rows import CalledOff
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.requests.actions.moving import SOURCE, locked, make_move
from portal.requests.actions.proposing import let_go
from portal.requests.actions.telling import closest, tell_staff
from portal.requests.models import RequestCandidate
from portal.requests.queries.parties import has_begun, holder_of
from portal.requests.rules.states import HOLDING, Move


def person_left(session: Session, actor: Actor, person_id: int, now: datetime, besides: AbstractSet[int]) -> list[CalledOff]:
    """Take back whatever this person is proposed, asked or booked for, so that somebody else is looked for; staff are told, but for
    ``besides``, who read it elsewhere: that is returned.
    """
    found = []
    theirs = select(RequestCandidate.request_id).where(RequestCandidate.person_id == person_id, RequestCandidate.state.in_(HOLDING))
    # All rows of requests are locked before the first slot is given back: whoever proposes goes the same way round.
    for request in [locked(session, request_id) for request_id in session.scalars(theirs.order_by(RequestCandidate.request_id)).all()]:
        candidate = holder_of(session, request.id)
        if candidate is None or candidate.person_id != person_id or has_begun(session, candidate, now):
            continue
        make_move(session, request, Move.TAKE_BACK, now=now)
        let_go(session, request, candidate, Move.TAKE_BACK, now)
        record(session, actor, "request.candidate_taken_back", SOURCE, request.id, now=now, candidate_id=candidate.id, reason="")
        follow = closest(request)
        tell_staff(session, request, "taken_back", now, to=follow - besides, candidate=candidate, by=actor, reason="")
        found.append(CalledOff(frozenset(follow & besides), ACTIVITY_NAMES[Activity(request.activity)], request.prospect))
    return found
