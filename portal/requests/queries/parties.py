"""Who has to do with a request, and by what name a reader may know its candidate."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.models.asks import AskOutcome
from portal.acts.rules.asks import Came
from portal.kernel.actor import Actor
from portal.people.models import Company, Person
from portal.people.rules.person import PersonState
from portal.profiles.models import ProfileBlackout, ReferenceProfile
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting
from portal.requests.rules.refusals import RequestUnknown
from portal.requests.rules.roles import TIER_OF_STRANGERS, Parties, holds, lets_owner_go, may_know_who, may_see
from portal.requests.rules.states import HOLDING, CandidateState


def parties_of(session: Session, request: ReferenceRequest) -> Parties:
    """Return the parties of one request."""
    return parties_of_many(session, [request])[request.id]


def parties_of_many(session: Session, requests: Iterable[ReferenceRequest]) -> dict[int, Parties]:
    """Return the parties of several requests, by id, in one statement."""
    listed = list(requests)
    owners: dict[int, set[int]] = {}
    concerned: dict[int, set[int]] = {}
    now: dict[int, int] = {}
    columns = (RequestCandidate.request_id, RequestCandidate.owner_id, RequestCandidate.state, RequestCandidate.asked_at)
    found = select(*columns).where(RequestCandidate.request_id.in_([one.id for one in listed]), RequestCandidate.owner_id.is_not(None))
    for request_id, owner_id, state, asked_at in session.execute(found):
        owners.setdefault(request_id, set()).add(int(owner_id or 0))
        if not lets_owner_go(CandidateState(state), was_asked=asked_at is not None):
            concerned.setdefault(request_id, set()).add(int(owner_id or 0))
        if holds(state):
            now[request_id] = int(owner_id or 0)
    return {
        one.id: Parties(
            one.requester_id, one.handler_id, frozenset(owners.get(one.id, set())), now.get(one.id),
            frozenset(owners.get(one.id, set()) - concerned.get(one.id, set())),
        )
        for one in listed
    }  # fmt: skip


def request_for(session: Session, actor: Actor, request_id: int) -> tuple[ReferenceRequest, Parties]:
    """Return a request that the actor may read, with its parties; refuses ``RequestUnknown``."""
    request = session.get(ReferenceRequest, request_id)
    if request is None:
        raise RequestUnknown()
    parties = parties_of(session, request)
    if not may_see(actor, parties) or (request.state == "draft" and request.requester_id != actor.id):
        raise RequestUnknown()
    return request, parties


def was_released(session: Session, actor: Actor, request_id: int) -> bool:
    """Tell whether the actor was an account owner of the request, and it does not concern them any more."""
    request = session.get(ReferenceRequest, request_id)
    return request is not None and actor.id in parties_of(session, request).released_ids


def holder_of(session: Session, request_id: int) -> RequestCandidate | None:
    """Return the candidate of the moment, or None."""
    found = select(RequestCandidate).where(RequestCandidate.request_id == request_id, RequestCandidate.state.in_(HOLDING))
    return session.scalar(found.execution_options(populate_existing=True))


def has_begun(session: Session, candidate: RequestCandidate, now: datetime) -> bool:
    """Tell whether the meeting with somebody has begun: they gave their time, or are giving it, and that is settled by what is said of it."""
    meeting = settled_of(session, candidate.id)
    return meeting is not None and meeting.starts_at <= now


def meeting_of(session: Session, candidate_id: int) -> RequestMeeting | None:
    """Return the meeting of a candidate, or None."""
    return session.get(RequestMeeting, candidate_id, populate_existing=True)


def settled_of(session: Session, candidate_id: int) -> RequestMeeting | None:
    """Return the meeting of a candidate that stands, or None where there is none or it was called off."""
    meeting = meeting_of(session, candidate_id)
    return meeting if meeting is not None and meeting.cancelled_at is None else None


def tier_of(session: Session, person_id: int) -> int:
    """Return who may find somebody (1 to 3); of one without a profile, that admins ask them."""
    profile = session.get(ReferenceProfile, person_id)
    return profile.tier if profile is not None else TIER_OF_STRANGERS


def blackouts_of(session: Session, person_id: int) -> list[tuple[date, date]]:
    """Return the days on which somebody is not to be asked for a meeting, as (first, last)."""
    found = select(ProfileBlackout.first_on, ProfileBlackout.last_on).where(ProfileBlackout.person_id == person_id)
    return [(row[0], row[1]) for row in session.execute(found)]


def label_for(session: Session, actor: Actor, request: ReferenceRequest, candidate: RequestCandidate) -> str:
    """Return how the actor may know the candidate: by name and company, or by what the company is like."""
    company = session.get(Company, candidate.company_id) if candidate.company_id else None
    if knows_candidate(session, actor, request, candidate):
        person = session.get_one(Person, candidate.person_id)
        return ", ".join(filter(None, (person.name, company.name if company else "")))
    return masked(company)


def said_yes(candidate: RequestCandidate) -> bool:
    """Tell whether the customer said yes, and has not taken that back: from then on they may know who the prospect is."""
    return candidate.answered_at is not None and not candidate.decline_code


def whom_of(request: ReferenceRequest) -> str:
    """Return how the prospect is named to a customer who said yes: the company, and who there takes part."""
    return ", ".join(filter(None, (request.prospect, request.prospect_contact)))


def works_here(person: Person) -> bool:
    """Tell whether somebody can still answer as an account owner."""
    return person.state == PersonState.ACTIVE and (person.is_employee or person.is_admin)


def knows_candidate(session: Session, actor: Actor, request: ReferenceRequest, candidate: RequestCandidate) -> bool:
    """Tell whether the actor may read the candidate's name: ``may_know_who`` as it is now."""
    facts: dict[str, Any] = {"tier": tier_of(session, candidate.person_id), "owner_id": candidate.owner_id}
    facts |= {"state": CandidateState(candidate.state), "was_named": bool(named_once(session, [candidate]))}
    return may_know_who(actor, parties_of(session, request), **facts)


def named_once(session: Session, candidates: Iterable[RequestCandidate]) -> set[int]:
    """Return the ids of those candidates who said yes once, whatever came after, in one statement."""
    asks = {one.ask_id: one.id for one in candidates if one.ask_id is not None and one.asked_at is not None}
    if not asks:
        return set()
    said = select(AskOutcome.ask_id).where(AskOutcome.ask_id.in_(asks), AskOutcome.came == Came.ACCEPTED)
    return {asks[ask_id] for ask_id in session.scalars(said)}


def masked(company: Company | None) -> str:
    """Return what a company is like, without its name: industry, region and size, as far as they are known; else a number sign."""
    return ", ".join(filter(None, (company.industry, company.region, company.size))) if company is not None else ""
