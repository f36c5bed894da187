"""A search made for one request: handed to ``finding`` by ``app.py``, and who was chosen there for the form that proposes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.finding.records import ForRequest
from portal.finding.rules.fit import Told, told
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.text import N_
from portal.people.models import Person
from portal.people.queries.knowing import knows
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.seeing import OPEN_TIER
from portal.requests.models import RequestCandidate
from portal.requests.queries.parties import named_once, request_for, tier_of
from portal.requests.rules.refusals import RequestUnknown
from portal.requests.rules.roles import TIER_OF_STRANGERS, Parties, may_come_again, may_know_who, may_propose, moves_open
from portal.requests.rules.states import CandidateState, Move, State

MOST_TIER = 3


def open_request(session: Session, actor: Actor, request_id: int) -> ForRequest | None:
    """Return a request for which ``actor`` may propose somebody now, and what those said whom they may know; None for every other."""
    try:
        request, parties = request_for(session, actor, request_id)
    except RequestUnknown:
        return None
    may = Move.PROPOSE in moves_open(actor, parties, State(request.state), Move) and (request.is_self_serve or actor.is_admin)
    if not may:
        return None
    return ForRequest(request.id, request.prospect, MOST_TIER if actor.is_admin else OPEN_TIER, _said(session, actor, request_id, parties))


def _said(session: Session, actor: Actor, request_id: int, parties: Parties) -> dict[int, Told]:
    zone, found = programme_zone(session), {}
    rows = select(RequestCandidate, ReferenceProfile.tier).outerjoin(ReferenceProfile, ReferenceProfile.person_id == RequestCandidate.person_id)
    all_of_it = session.execute(rows.where(RequestCandidate.request_id == request_id)).all()
    named = named_once(session, [one for one, _tier in all_of_it])
    for one, tier in all_of_it:
        state = CandidateState(one.state)
        if not may_know_who(actor, parties, tier=tier or TIER_OF_STRANGERS, owner_id=one.owner_id, state=state, was_named=one.id in named):
            continue
        if state is CandidateState.DECLINED and one.answered_at:
            found[one.person_id] = told(N_("Said no to this request on %(day)s."), day=local_date(one.answered_at, zone))
        elif state is CandidateState.OWNER_DECLINED and one.owner_answered_at:
            found[one.person_id] = told(N_("Their account owner said no to this request on %(day)s."), day=local_date(one.owner_answered_at, zone))
        elif not may_come_again(state, was_asked=one.asked_at is not None, has_answered=one.answered_at is not None):
            found[one.person_id] = told(N_("Was proposed for this request on %(day)s."), day=local_date(one.proposed_at, zone))
    return found


def chosen(session: Session, actor: Actor, parties: Parties, person_id: int) -> str:
    """Return what the field of the form that proposes says of somebody; empty where ``actor`` may not propose them."""
    person = session.get(Person, person_id)
    if person is None or not may_propose(actor, parties, tier_of(session, person_id)) or person_id not in knows(session, actor, [person_id]):
        return ""
    return f"{person.name} (#{person_id})"
