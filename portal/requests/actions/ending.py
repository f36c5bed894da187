"""How a request ends before it is done, and what becomes of the deal: an advocate hears in words what their help did."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.finding.queries.near import kept_out
from portal.kernel.actor import Actor, system
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotAllowed
from portal.kernel.text import clean, clean_line
from portal.requests.actions.booking import tell_prospect_end
from portal.requests.actions.moving import SOURCE, locked, locked_for, make_move
from portal.requests.actions.outcomes import tell_result
from portal.requests.actions.proposing import let_go
from portal.requests.actions.telling import closest, tell_staff
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.queries.parties import has_begun, holder_of
from portal.requests.queries.records import needs_of
from portal.requests.rules.answering import REASON_LENGTH, Unfilled
from portal.requests.rules.refusals import ClosedLater, CodeNeeded, DealClosed
from portal.requests.rules.states import LIVES, WAYS, CandidateState, DealOutcome, Move, State
from portal.requests.rules.unfilled import criterion_of

CLOSED = {DealOutcome.WON: "request.deal_won", DealOutcome.LOST: "request.deal_lost"}
CORRECTED = "request.deal_corrected"


def why_unfilled(session: Session, request_id: int, now: datetime) -> str:
    """Return what the search keeps out of an open request that nobody was proposed for, empty of every other.

    That takes a whole search: it only reads, and is done before a request is locked, best before the unit of work (``@writes(first=…)``).
    """
    request = session.get(ReferenceRequest, request_id)
    if request is None or request.state not in (State.OPEN, State.MATCHING) or _fell_out(session, request_id):
        return ""
    found = kept_out(session, needs_of(request), now)
    return criterion_of(found.fitting, found.alone, found.lacking).value


def cancel(session: Session, actor: Actor, *, request_id: int, reason: str = "", unfilled: str | None = None, now: datetime) -> ReferenceRequest:
    """End a request that is not needed any more; ``unfilled`` as of ``why_unfilled``, which is asked where it is not given.

    Refuses: RequestUnknown, NotAllowed, RequestMoved.
    """
    kept = why_unfilled(session, request_id, now) if unfilled is None else unfilled
    request = locked_for(session, actor, request_id, Move.CANCEL)
    left = "" if holder_of(session, request_id) is not None else _fell_out(session, request_id) or kept
    return _end(session, actor, request, Move.CANCEL, "cancelled", reason=reason, unfilled=left, now=now)


def decline_request(session: Session, actor: Actor, *, request_id: int, code: str, reason: str = "", now: datetime) -> ReferenceRequest:
    """Say that nobody can be found, by the criterion that left nobody. Refuses: RequestUnknown, NotAllowed, RequestMoved, CodeNeeded."""
    request = locked_for(session, actor, request_id, Move.DECLINE)
    if code not in set(Unfilled):
        raise CodeNeeded()
    return _end(session, actor, request, Move.DECLINE, "declined_request", reason=reason, code=code, unfilled=code, now=now)


def expire(session: Session, *, request_id: int, unfilled: str | None = None, now: datetime) -> bool:
    """End a request whose day is over, unless somebody said yes; tells whether it did. ``unfilled`` as in ``cancel``."""
    kept = why_unfilled(session, request_id, now) if unfilled is None else unfilled
    request = locked(session, request_id)
    today = local_date(now, programme_zone(session))
    if request.state not in WAYS[Move.EXPIRE].start or request.needed_by is None or request.needed_by >= today:
        return False
    _end(session, system("job"), request, Move.EXPIRE, "expired", unfilled=_fell_out(session, request_id) or kept, now=now)
    return True


def close_deal(
    session: Session, actor: Actor, *, request_id: int, outcome: DealOutcome, closed_on: date, corrects: bool = False, now: datetime
) -> ReferenceRequest:
    """Note what became of the deal: one that is lost ends a request that goes on, and who helped hears in words what their help did.

    The same once more is nothing. With ``corrects`` what was noted before is put right, and who heard it hears that too; a request that ended
    with the deal stays ended. Refuses: RequestUnknown, NotAllowed; ClosedLater; DealClosed where the other outcome stands and nothing corrects it.
    """
    request = locked_for(session, actor, request_id, Move.WITHDRAW)
    return _close(session, actor, request, outcome, closed_on, corrects, now)


def close_deals(
    session: Session, actor: Actor, *, deal_ref: str, outcome: DealOutcome, closed_on: date, corrects: bool = False, now: datetime
) -> list[int]:
    """Note what became of a deal, as another system calls it, for each of its requests, or put that right; returns their ids.

    For admins, imports and tokens. Refuses: NotAllowed, ClosedLater, DealClosed.
    """
    if not actor.is_admin:
        raise NotAllowed()
    ref = clean_line(deal_ref)
    found = select(ReferenceRequest.id).where(ReferenceRequest.deal_ref == ref, ReferenceRequest.state != State.DRAFT).order_by(ReferenceRequest.id)
    # All are locked before the first slot is given back: whoever proposes goes the same way round.
    requests = [locked(session, request_id) for request_id in session.scalars(found).all()] if ref else []
    for request in requests:
        _close(session, actor, request, outcome, closed_on, corrects, now)
    return [request.id for request in requests]


def _close(
    session: Session, actor: Actor, request: ReferenceRequest, outcome: DealOutcome, closed_on: date, corrects: bool, now: datetime
) -> ReferenceRequest:
    before = request.deal_outcome
    if before is not None and not corrects:
        if before == outcome:
            return request
        raise DealClosed()
    if (before, request.deal_closed_on) == (outcome, closed_on):
        return request
    if closed_on > local_date(now, programme_zone(session)):
        raise ClosedLater()
    request.deal_outcome, request.deal_closed_on = outcome, closed_on
    session.flush()
    record(session, actor, CLOSED[outcome] if before is None else CORRECTED, SOURCE, request.id, now=now, closed_on=closed_on.isoformat())
    if before == outcome:
        return request
    holder = holder_of(session, request.id)
    # Who has given their time is asked how it went, whatever became of the deal.
    if outcome is DealOutcome.LOST and request.state in LIVES and not (holder is not None and has_begun(session, holder, now)):
        _end(session, actor, request, Move.WITHDRAW, "withdrawn", now=now)
    tell_result(session, request, outcome, now, is_corrected=before is not None)
    return request


def _end(
    session: Session,
    actor: Actor,
    request: ReferenceRequest,
    move: Move,
    step: str,
    *,
    reason: str = "",
    code: str = "",
    unfilled: str = "",
    now: datetime,
) -> ReferenceRequest:
    candidate = holder_of(session, request.id)
    was_draft = request.state == State.DRAFT
    said = clean(reason)[:REASON_LENGTH]
    make_move(session, request, move, now=now, end_code=code, end_reason=said, unfilled_by=unfilled)
    if candidate is not None:
        let_go(session, request, candidate, move, now)
    tell_prospect_end(session, request, now, besides=candidate)
    record(session, actor, f"request.{step}", SOURCE, request.id, now=now, **({"code": code} if code else {}))
    if not was_draft:
        owner = {candidate.owner_id} if candidate is not None and candidate.owner_id else set()
        tell_staff(session, request, step, now, to=closest(request) | owner, by=actor, reason=said)
    return request


def _fell_out(session: Session, request_id: int) -> str:
    """Return the way in which the last one who could answer fell out, empty where there was none."""
    asked = (RequestCandidate.request_id == request_id, RequestCandidate.state != CandidateState.WITHDRAWN)
    return str(session.scalar(select(RequestCandidate.state).where(*asked).order_by(RequestCandidate.id.desc()).limit(1)) or "")
