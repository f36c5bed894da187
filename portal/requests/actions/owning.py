"""The account owner agrees, or says why not: on the request's page, or by the link in the mail. Of two answers one counts."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.text import clean
from portal.people.queries.persons import get_person
from portal.people.rules.link import LinkSpent
from portal.requests.actions.asking import write_to_customer
from portal.requests.actions.links import revoke_links
from portal.requests.actions.moving import SOURCE, locked, locked_for, make_move, require_holder, require_way
from portal.requests.actions.proposing import free_slot
from portal.requests.actions.telling import closest, tell_staff
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.queries.parties import works_here
from portal.requests.rules.answering import OWNER_NO_NAMES, REASON_LENGTH, OwnerNo
from portal.requests.rules.refusals import CodeNeeded
from portal.requests.rules.states import Move


def agree(session: Session, actor: Actor, *, request_id: int, candidate_id: int, asks_now: bool = True, now: datetime) -> ReferenceRequest:
    """Agree that the customer is asked; with ``asks_now`` the mail to them goes out at once.

    Refuses: RequestUnknown, NotAllowed, RequestMoved, NoAddress; and, where the slot has to be reserved anew, every ``Stop``.
    """
    request = locked_for(session, actor, request_id, Move.OWNER_AGREE)
    return _agree(session, actor, request, candidate_id, asks_now, now)


def refuse(session: Session, actor: Actor, *, request_id: int, candidate_id: int, code: str, said: str = "", now: datetime) -> ReferenceRequest:
    """Do not agree, with a reason from the list and words; the slot is free again. Refuses: RequestUnknown, NotAllowed, RequestMoved, CodeNeeded."""
    request = locked_for(session, actor, request_id, Move.OWNER_REFUSE)
    return _refuse(session, actor, request, candidate_id, code, said, now)


def agree_by_link(session: Session, origin: str, *, candidate: RequestCandidate, asks_now: bool = True, now: datetime) -> ReferenceRequest:
    """Agree by the link in the mail. Refuses as ``agree``."""
    return _agree(session, owner_by_link(session, candidate, origin), locked(session, candidate.request_id), candidate.id, asks_now, now)


def refuse_by_link(session: Session, origin: str, *, candidate: RequestCandidate, code: str, said: str = "", now: datetime) -> ReferenceRequest:
    """Do not agree, by the link in the mail. Refuses as ``refuse``."""
    return _refuse(session, owner_by_link(session, candidate, origin), locked(session, candidate.request_id), candidate.id, code, said, now)


def owner_by_link(session: Session, candidate: RequestCandidate, origin: str) -> Actor:
    """Return the owner, who is not signed in: nothing but this answer is theirs to give. Refuses who was shut out since (``LinkSpent``)."""
    assert candidate.owner_id is not None
    if not works_here(get_person(session, candidate.owner_id)):
        raise LinkSpent()
    return Actor(id=candidate.owner_id, roles=frozenset({"visitor"}), origin=origin)


def _agree(session: Session, actor: Actor, request: ReferenceRequest, candidate_id: int, asks_now: bool, now: datetime) -> ReferenceRequest:
    require_way(request, Move.OWNER_AGREE)
    candidate = require_holder(session, request, candidate_id)
    make_move(session, request, Move.OWNER_AGREE, now=now, candidate=candidate)
    candidate.owner_answered_at = now
    session.flush()
    record(session, actor, "request.owner_agreed", SOURCE, request.id, now=now, candidate_id=candidate_id)
    if asks_now:
        write_to_customer(session, actor, request, candidate, now)  # which tells staff that the customer is asked
    else:
        tell_staff(session, request, "owner_agreed", now, to=closest(request), candidate=candidate, by=actor)
    return request


def _refuse(session: Session, actor: Actor, request: ReferenceRequest, candidate_id: int, code: str, said: str, now: datetime) -> ReferenceRequest:
    if code not in set(OwnerNo):
        raise CodeNeeded()
    require_way(request, Move.OWNER_REFUSE)
    candidate = require_holder(session, request, candidate_id)
    make_move(session, request, Move.OWNER_REFUSE, now=now, candidate=candidate)
    candidate.owner_answered_at, candidate.owner_code, candidate.owner_said = now, code, clean(said)[:REASON_LENGTH]
    session.flush()
    free_slot(session, request, candidate, now)
    revoke_links(session, candidate.id, now)
    named = OWNER_NO_NAMES[OwnerNo(code)]
    record(session, actor, "request.owner_refused", SOURCE, request.id, now=now, candidate_id=candidate_id, code=code)
    tell_staff(session, request, "owner_refused", now, to=closest(request), candidate=candidate, by=actor, reason=candidate.owner_said, code=named)
    return request
