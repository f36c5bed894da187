"""Proposing somebody for a request: the slot of goodwill is reserved, and the account owner asked; nobody writes to the customer yet."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.actions.granting import end_grants
from portal.acts.actions.answering import withdraw_ask
from portal.acts.actions.asking import Override, propose_ask
from portal.acts.models.asks import OpenAsk
from portal.acts.queries.budget import budget_of
from portal.acts.rules.refusals import NoReferenceAnyMore, NoReferenceYet, NotToBeAsked
from portal.audit.actions import record
from portal.finding.queries.check import check_one
from portal.finding.rules.misfits import SENSITIVE, NoConsent, StandsAgainst
from portal.kernel.actor import EMPLOYEE, Actor, system
from portal.kernel.errors import Refusal
from portal.people.models import Company, Person
from portal.people.queries.knowing import knows
from portal.people.queries.persons import get_person, recipient
from portal.people.rules.person import PersonState
from portal.profiles.models import ProfileActivity, ReferenceProfile
from portal.profiles.queries.profiles import does, owner_of
from portal.profiles.rules.activity import ACTIVITY_NAMES, ASK_OF, Activity
from portal.profiles.rules.seeing import may_change
from portal.profiles.rules.states import Status
from portal.requests.actions.booking import call_off, tell_prospect_off
from portal.requests.actions.fitting import require_never, stands_against
from portal.requests.actions.links import revoke_links, send_link
from portal.requests.actions.moving import SOURCE, locked_for, make_move, move_candidate, require_holder, require_way
from portal.requests.actions.telling import closest, tell_staff
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.queries.parties import has_begun, holder_of, parties_of, tier_of, whom_of, works_here
from portal.requests.queries.records import needs_of
from portal.requests.queries.strangers import stranger_of
from portal.requests.queries.terms import terms_of
from portal.requests.queries.twins import is_asked_for_prospect
from portal.requests.rules.links import LinkKind
from portal.requests.rules.refusals import AskedForThem, HeldAlready, NoReference, NotToBeAskedNow, OneAtATime, ProposedBefore, ThroughAdmin
from portal.requests.rules.roles import holds, may_come_again, may_propose, passes_owner
from portal.requests.rules.states import CandidateState, Move
from portal.requests.rules.strangers import STRANGER_WORDS

PASSED = {"none": "request.owner_passed_none", "self": "request.owner_passed_self"}
HEARD = {"none": "passed_none", "self": "passed_requester"}
"""What the others who follow the request read then."""


def propose(
    session: Session,
    actor: Actor,
    *,
    request_id: int,
    person_id: int,
    override: Override | None = None,
    now: datetime,
) -> RequestCandidate:
    """Propose somebody, reserve their slot, and ask who looks after their company; where nobody does, or the requester, that step is passed.
    How they fit, and why, is kept as it is now.

    Proposing the one of the moment again is the first proposal. Who was taken back before they answered, or whose account owner was silent
    before anybody wrote to them, may be. Refuses: RequestUnknown, NotAllowed, ThroughAdmin, RequestMoved, OneAtATime,
    ProposedBefore, AskedForThem, NoReference, those of ``NEVER_PROPOSED``; every ``Stop`` of ``propose_ask``; and, where no ``override`` names
    why and who approves, every other hard filter of the search (``Misfit``). Who neither looks after the company nor is an
    admin reads of what is ``SENSITIVE`` only that something stands against it. Nothing is left behind then.
    """
    request = locked_for(session, actor, request_id, Move.PROPOSE)
    before = session.scalar(select(RequestCandidate).where(RequestCandidate.request_id == request_id, RequestCandidate.person_id == person_id))
    if before is not None:
        if holds(before.state):
            return before
        said = {"was_asked": before.asked_at is not None, "has_answered": before.answered_at is not None}
        if not may_come_again(CandidateState(before.state), **said):
            raise ProposedBefore()
    if not may_propose(actor, parties_of(session, request), tier_of(session, person_id)):
        raise _why_not(session, actor, person_id, Activity(request.activity), now)
    if holder_of(session, request_id) is not None:
        raise OneAtATime()
    require_way(request, Move.PROPOSE)
    person = get_person(session, person_id)
    require_reference(session, person, Activity(request.activity))
    one = check_one(session, person_id, needs_of(request), now, actor)
    against = one.failed if one is not None else []
    require_never(against)
    # What is kept is what the requester may know, whoever proposes.
    requester = Actor(id=request.requester_id, roles=frozenset({EMPLOYEE}), origin="")
    told_to = check_one(session, person_id, needs_of(request), now, requester)
    key = f"request:{request_id}:{person_id}" + (f":{before.ask_id}" if before else "")
    try:
        ask = propose_ask(
            session, actor, person_id=person_id, kind=ASK_OF[Activity(request.activity)], key=key,
            source=(SOURCE, request_id), expires_at=now + terms_of(session).held_for, override=override,
            also=stands_against(against), is_told=False, now=now,
        )  # fmt: skip
    except (*SENSITIVE, NotToBeAsked) as refusal:
        if may_change(actor, owner_of(session, person_id)):
            raise
        raise (StandsAgainst() if isinstance(refusal, SENSITIVE) else NotToBeAskedNow()) from None
    if is_asked_for_prospect(session, person_id, request):  # behind the ask, which waits for whoever proposes them at this moment
        raise AskedForThem()
    session.refresh(person)
    company = session.get(Company, person.company_id, populate_existing=True) if person.company_id else None
    facts: dict[str, Any] = {
        "company_id": person.company_id, "owner_id": _owner_of(session, company), "ask_id": ask.id, "state": CandidateState.PROPOSED,
        "fit": one.fit if one else None, "reasons": [told.to_json() for told in told_to.reasons] if told_to else [],
        "proposed_by_id": actor.id, "proposed_at": now, "decline_code": "", "said": "", "suggested_name": "", "suggested_email": "",
    }  # fmt: skip
    facts |= dict.fromkeys(("owner_answered_at", "owner_code", "owner_said", "owner_reminded_at", "escalated_at", "ended_at"))
    facts |= dict.fromkeys(("asked_at", "customer_reminded_at"))
    candidate = before or RequestCandidate(request_id=request_id, person_id=person_id)
    for name, value in facts.items():
        setattr(candidate, name, value)
    session.add(candidate)
    session.flush()
    changed: dict[str, Any] = {} if request.first_proposed_at else {"first_proposed_at": now}
    if actor.is_admin and request.handler_id is None and actor.id != request.requester_id:
        changed["handler_id"] = actor.id
    make_move(session, request, Move.PROPOSE, now=now, **changed)
    record(
        session, actor, "request.proposed", SOURCE, request_id, now=now, person_id=person_id, candidate_id=candidate.id, owner_id=candidate.owner_id
    )
    _ask_owner(session, actor, request, candidate, now)
    return candidate


def _why_not(session: Session, actor: Actor, person_id: int, activity: Activity, now: datetime) -> Refusal:
    """Return why somebody is not proposed by who is no admin: for want of a tier; for whoever may know them, first that they said no themself."""
    if person_id in knows(session, actor, [person_id]):
        noes = budget_of(session, person_id, now, of_company=False).standing.against(ASK_OF[activity])
        if said_no := next((one for one in noes if isinstance(one, NoReferenceAnyMore | NoReferenceYet)), None):
            return said_no
    return ThroughAdmin()


def take_back(session: Session, actor: Actor, *, request_id: int, candidate_id: int, reason: str = "", now: datetime) -> RequestCandidate:
    """Take the candidate of the moment back, so that another can be proposed; who was asked or said yes is told that it is not needed.

    Refuses: RequestUnknown, NotAllowed, RequestMoved.
    """
    request = locked_for(session, actor, request_id, Move.TAKE_BACK)
    require_way(request, Move.TAKE_BACK)
    candidate = require_holder(session, request, candidate_id)
    make_move(session, request, Move.TAKE_BACK, now=now)
    let_go(session, request, candidate, Move.TAKE_BACK, now)
    record(session, actor, "request.candidate_taken_back", SOURCE, request_id, now=now, candidate_id=candidate_id, reason=reason)
    tell_staff(session, request, "taken_back", now, to=closest(request), candidate=candidate, by=actor, reason=reason)
    return candidate


def let_go(
    session: Session,
    request: ReferenceRequest,
    candidate: RequestCandidate,
    move: Move,
    now: datetime,
    *,
    note: str = "",
    mail: str | None = "request_not_needed",
) -> None:
    """End the candidate of a locked request who is not needed any more: slot freed, links dead, grants ended, meeting called off.

    Who was written to already is told, with ``mail``, if any, and so is a prospect who had times. Refuses, once their meeting has begun,
    ``HeldAlready``.
    """
    if has_begun(session, candidate, now):
        raise HeldAlready()
    was = CandidateState(candidate.state)
    move_candidate(session, request, candidate, move, now=now)
    call_off(session, request, candidate, was, now, mail=mail)
    tell_prospect_off(session, request, candidate, was, now, has_no_time=move is Move.GIVE_UP)
    free_slot(session, request, candidate, now, note=note)
    revoke_links(session, candidate.id, now)
    end_grants(session, (SOURCE, request.id), now)


def free_slot(session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime, *, note: str = "") -> None:
    """Take the ask back, if it has not ended by itself meanwhile."""
    if candidate.ask_id is not None and session.get(OpenAsk, candidate.ask_id, populate_existing=True) is not None:
        withdraw_ask(session, system("requests"), ask_id=candidate.ask_id, reason=note, source=(SOURCE, request.id), now=now)


def _owner_of(session: Session, company: Company | None) -> int | None:
    """Return who looks after a company, None where that is nobody who still works here: then nobody could answer."""
    owner = session.get(Person, company.owner_id) if company is not None and company.owner_id else None
    return owner.id if owner is not None and works_here(owner) else None


def _ask_owner(session: Session, actor: Actor, request: ReferenceRequest, candidate: RequestCandidate, now: datetime) -> None:
    passed = passes_owner(candidate.owner_id, request.requester_id)
    if passed:
        make_move(session, request, Move.OWNER_AGREE, now=now, candidate=candidate)
        candidate.owner_answered_at = now
        session.flush()
        record(session, actor, PASSED[passed], SOURCE, request.id, now=now, candidate_id=candidate.id)
        for step, to in ((f"passed_{passed}", {request.requester_id}), (HEARD[passed], closest(request) - {request.requester_id})):
            tell_staff(session, request, step, now, to=to, candidate=candidate, by=actor)
        return
    ask_owner_mail(session, request, candidate, "request_agree", now)
    tell_staff(session, request, "proposed", now, to=closest(request), candidate=candidate, by=actor)


def ask_owner_mail(session: Session, request: ReferenceRequest, candidate: RequestCandidate, mail: str, now: datetime) -> None:
    """Mail the account owner, who may read the deal, a link by which they answer."""
    assert candidate.owner_id is not None
    company = session.get(Company, candidate.company_id) if candidate.company_id else None
    data = {
        "person": session.get_one(Person, candidate.person_id).name,
        "company": company.name if company else "",
        "requester": session.get_one(Person, request.requester_id).name,
        "activity": ACTIVITY_NAMES[Activity(request.activity)],
        "prospect": request.prospect,
        "needed_by": request.needed_by.isoformat() if request.needed_by else "",
        "before": request.told_as or ", ".join(filter(None, (request.industry, request.region))),
        "whom": whom_of(request),
        "stranger": STRANGER_WORDS.get(stranger_of(session, candidate.person_id, Activity(request.activity), candidate.ask_id), ""),
    }
    send_link(session, candidate, LinkKind.OWNER, recipient(session, candidate.owner_id), mail, data, now)


def require_agreed(session: Session, person_id: int, activity: Activity, now: datetime) -> None:
    """Refuse whose consent to this has ended or run out since they were proposed (``NoConsent``); who has no profile agreed to none."""
    agreed = next((one for one in does(session, person_id, now) if one.activity is activity), None)
    if session.get(ReferenceProfile, person_id) is not None and (agreed is None or not agreed.holds):
        raise NoConsent()


def require_reference(session: Session, person: Person, activity: Activity) -> None:
    """Refuse who is shut out, retired or held as a reference, or never does this (``NoReference``)."""
    profile = session.get(ReferenceProfile, person.id)
    never = session.get(ProfileActivity, (person.id, activity.value))
    is_out = profile is not None and profile.status in (Status.RETIRED, Status.LEGAL_HOLD)
    if person.state == PersonState.DEACTIVATED or is_out or (never is not None and never.is_never):
        raise NoReference(name=person.name)
