"""Making a move: the request's row is locked first, and moved with its candidate by guarded updates. Of two at once, one counts."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, Sentences
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.queries.parties import holder_of, parties_of
from portal.requests.rules.refusals import RequestMoved, RequestUnknown
from portal.requests.rules.roles import MAY, Role, may, may_see
from portal.requests.rules.states import ENDED, HOLDING, STATE_NAMES, WAYS, Move, State

SOURCE = "reference_request"


def locked(session: Session, request_id: int) -> ReferenceRequest:
    """Return the request, locked for this unit of work. Refuses ``RequestUnknown``."""
    found = select(ReferenceRequest).where(ReferenceRequest.id == request_id).with_for_update()
    request = session.scalar(found.execution_options(populate_existing=True))
    if request is None:
        raise RequestUnknown()
    return request


def locked_for(session: Session, actor: Actor, request_id: int, move: Move) -> ReferenceRequest:
    """Return the request, locked, for who may make the move; refuses ``RequestUnknown`` to strangers, ``NotAllowed`` to others.

    A draft is its writer's alone: to everybody else there is none.
    """
    request = locked(session, request_id)
    parties = parties_of(session, request)
    is_hidden = request.state == State.DRAFT and actor.id != request.requester_id
    if not actor.is_system and (is_hidden or not (may_see(actor, parties) or actor.id in parties.owner_ids)):
        raise RequestUnknown()
    if not may(move, actor, parties):
        # An owner who was asked about somebody who is not proposed any more reads how it stands.
        raise request_moved(request) if Role.OWNER in MAY.get(move, ()) and actor.id in parties.owner_ids else NotAllowed()
    return request


def request_moved(request: ReferenceRequest) -> RequestMoved:
    """Return the refusal that says how the request stands by now."""
    return RequestMoved(state=Sentences((STATE_NAMES[State(request.state)],)))


def require_way(request: ReferenceRequest, move: Move) -> None:
    """Refuse a move that does not lead from where the request stands (``RequestMoved``)."""
    if State(request.state) not in WAYS[move].start:
        raise request_moved(request)


def make_move(
    session: Session, request: ReferenceRequest, move: Move, *, now: datetime, candidate: RequestCandidate | None = None, **values: Any
) -> None:
    """Move a locked request, and its candidate where it has one that the move has to do with. Refuses ``RequestMoved``."""
    way = WAYS[move]
    ends = {"ended_at": now} if way.end in ENDED else {}
    here = update(ReferenceRequest).where(ReferenceRequest.id == request.id, ReferenceRequest.state.in_(way.start))
    done = session.execute(here.values(state=way.end, changed_at=now, **(ends | values)).execution_options(synchronize_session=False))
    if not done.rowcount:  # type: ignore[attr-defined]
        raise request_moved(request)
    session.refresh(request)
    if candidate is not None and way.candidate_end is not None:
        move_candidate(session, request, candidate, move, now=now)


def move_candidate(session: Session, request: ReferenceRequest, candidate: RequestCandidate, move: Move, *, now: datetime, **values: Any) -> None:
    """Move the candidate of a locked request. Refuses ``RequestMoved``."""
    way = WAYS[move]
    assert way.candidate_end is not None
    ends = {} if way.candidate_end in HOLDING else {"ended_at": now}
    here = update(RequestCandidate).where(RequestCandidate.id == candidate.id, RequestCandidate.state.in_(way.candidate_start))
    done = session.execute(here.values(state=way.candidate_end, **(ends | values)).execution_options(synchronize_session=False))
    if not done.rowcount:  # type: ignore[attr-defined]
        raise request_moved(request)
    session.refresh(candidate)


def require_holder(session: Session, request: ReferenceRequest, candidate_id: int | None = None) -> RequestCandidate:
    """Return the candidate of the moment, the one that was meant; refuses ``RequestMoved``."""
    candidate = holder_of(session, request.id)
    if candidate is None or (candidate_id is not None and candidate.id != candidate_id):
        raise request_moved(request)
    return candidate
