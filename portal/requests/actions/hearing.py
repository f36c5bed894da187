"""What requests hear from other rooms: that somebody is no reference any more."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.requests.actions.moving import SOURCE, locked, make_move
from portal.requests.actions.proposing import let_go
from portal.requests.actions.telling import closest, tell_staff
from portal.requests.models import RequestCandidate
from portal.requests.queries.parties import has_begun, holder_of
from portal.requests.rules.states import HOLDING, Move


def person_left(session: Session, actor: Actor, person_id: int, now: datetime) -> None:
    """Take back whatever this person is proposed, asked or booked for, so that somebody else is looked for; staff are told."""
    theirs = select(RequestCandidate.request_id).where(RequestCandidate.person_id == person_id, RequestCandidate.state.in_(HOLDING))
    # All rows of requests are locked before the first slot is given back: whoever proposes goes the same way round.
    for request in [locked(session, request_id) for request_id in session.scalars(theirs.order_by(RequestCandidate.request_id)).all()]:
        candidate = holder_of(session, request.id)
        if candidate is None or candidate.person_id != person_id or has_begun(session, candidate, now):
            continue
        make_move(session, request, Move.TAKE_BACK, now=now)
        let_go(session, request, candidate, Move.TAKE_BACK, now)
        record(session, actor, "request.candidate_taken_back", SOURCE, request.id, now=now, candidate_id=candidate.id, reason="")
        tell_staff(session, request, "taken_back", now, to=closest(request), candidate=candidate, by=actor, reason="")
