"""One request whole, as one reader may see it; and who was found for one that is begun."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from portal.accounts.queries.seeing import seen_by
from portal.acts.models.asks import Ask
from portal.acts.queries.blocks import BlockRow, standing_blocks
from portal.audit.models import AuditEvent
from portal.finding.queries.candidates import candidates_of
from portal.finding.queries.price import ask_price
from portal.finding.rules.misfits import Misfit, OnlyByAdmin
from portal.finding.rules.needs import Needs
from portal.finding.rules.price import Price
from portal.kernel.actor import Actor
from portal.people.models import Company, Person
from portal.people.rules.company import looks_after
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.profiles import owner_of
from portal.profiles.queries.seeing import may_read
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.states import Status
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting, RequestOutcome, RequestOutside, RequestSlot
from portal.requests.queries.parties import has_begun, masked, named_once, request_for, tier_of
from portal.requests.queries.records import needs_of
from portal.requests.queries.rulings import Ruling, righter_of, ruling_of
from portal.requests.queries.terms import terms_of
from portal.requests.queries.waiting import outside_of, wait_of, whole_meeting
from portal.requests.rules.lists import STEP_NAMES
from portal.requests.rules.outcome import differ
from portal.requests.rules.roles import (
    TIER_OF_STRANGERS,
    Parties,
    Role,
    holds,
    may_know_who,
    may_propose,
    may_see_prospect,
    moves_open,
    roles_of,
    typed_prospect,
)
from portal.requests.rules.states import KEEPS_SLOT, MEETINGS, CandidateState, Move, State, Turn, turn
from portal.requests.rules.waiting import Wait, ends_at

_SUBJECT = "reference_request"
BY_CUSTOMER = ("request.accepted", "request.customer_declined", "request.other_times", "request.said_by_customer")
BY_OWNER = ("request.owner_agreed", "request.owner_refused")
_owner, _approver = aliased(Person), aliased(Person)


@dataclass(frozen=True)
class Proposed:
    """One candidate as the reader may see them: ``is_known`` tells whether by name."""

    row: RequestCandidate
    name: str
    person_id: int | None
    is_known: bool
    owner: str
    state: CandidateState
    holds: bool
    beyond: dict[str, str]
    """The admin in whose name (``name``) they are asked beyond a rule, and the ``reason``; empty where none stood against it."""
    nominate: dict[str, str]
    """What the form of a nomination is filled with, where the customer named a colleague."""


@dataclass(frozen=True)
class Whole:
    """One request with everything on its page."""

    request: ReferenceRequest
    parties: Parties
    roles: frozenset[Role]
    activity: Activity
    state: State
    turn: Turn
    requester: str
    handler: str
    candidates: list[Proposed]
    steps: list[tuple[datetime, str, str]]
    """(moment, sentence marked for translation, who did it)."""
    moves: frozenset[Move]
    slots: list[RequestSlot]
    meeting: RequestMeeting | None
    said: dict[str, RequestOutcome]
    is_meeting: bool
    may_show_contact: bool
    typed_prospect: bool
    """Whether the reader knows how the prospect is reached; to others it is shown at the press of a button."""
    may_see_prospect: bool
    wished: tuple[int, str] | None
    """Whom the requester found and wishes for, as (id, name), where the reader may propose them."""
    wish: str
    """Whom the requester found, as the reader may call them; empty where they began with nobody."""
    wait: Wait | None
    """How long the candidate's yes has waited, while it does."""
    ends_at: datetime | None
    """When it ends, if nobody answers what was asked since the yes."""
    outside: RequestOutside | None
    ruling: Ruling | None
    """What an admin decided of what happened, where one did."""
    righter: str
    """The admin who can put right what is written down of what happened; empty while nothing is."""
    blocks: list[BlockRow]
    """What stands on whom the request has, and on their company, until it is let go; nothing once their meeting has begun."""
    knows_blocks: bool
    """Whether the reader may know which."""

    @property
    def is_disputed(self) -> bool:
        """Tell whether the two sides do not say the same, so that an admin decides."""
        return self.state in (State.ACCEPTED, State.SCHEDULED) and differ(one.came for one in self.said.values())

    @property
    def query(self) -> dict[str, Any]:
        """What is needed, as the address of a search carries it."""
        return needs_of(self.request).to_json()

    @property
    def is_own_turn(self) -> bool:
        """Tell whether it is the reader's turn; what the two sides differ about is any admin's."""
        own = {Turn.REQUESTER: Role.REQUESTER, Turn.OWNER: Role.OWNER, Turn.ADMIN: Role.ADMIN if self.is_disputed else Role.HANDLER}
        return own.get(self.turn) in self.roles

    @property
    def settled(self) -> RequestMeeting | None:
        """Return the meeting that stands, or None where there is none or it was called off."""
        return self.meeting if self.meeting is not None and self.meeting.cancelled_at is None else None

    @property
    def current(self) -> Proposed | None:
        return next((one for one in self.candidates if one.holds), None)


def whole_request(session: Session, actor: Actor, request_id: int, now: datetime) -> Whole:
    """Return a request as the actor may read it; refuses ``RequestUnknown``."""
    request, parties = request_for(session, actor, request_id)
    candidates = _candidates(session, actor, request, parties)
    current = next((one for one in candidates if one.holds or one.state in (CandidateState.COMPLETED, CandidateState.MISSED)), None)
    slots: list[RequestSlot] = []
    meeting: RequestMeeting | None = None
    said: dict[str, RequestOutcome] = {}
    if current is not None:
        meeting, slots, said = whole_meeting(session, current.row.id)
    people = {row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(_named(request))))}
    state, is_meeting = State(request.state), request.activity in MEETINGS
    wait = wait_of(session, current.row) if current is not None and state is State.ACCEPTED else None
    is_settled = current is not None and current.state in KEEPS_SLOT
    ruling = ruling_of(session, current.row) if current is not None else None
    righter = righter_of(session, request, ruling.person_id if ruling else None) if is_settled else None
    blocks = _blocks(session, current.row, now) if current is not None and current.holds else []
    return Whole(
        request=request, parties=parties, roles=roles_of(actor, parties), activity=Activity(request.activity), state=state,
        turn=turn(state, is_self_serve=request.is_self_serve, is_meeting=is_meeting, has_prospect=bool(request.prospect_email),
                  is_out_of_times=wait is not None and wait.asked_at is not None, is_unneeded=wait is not None and wait.is_unneeded,
                  is_disputed=differ(one.came for one in said.values())),
        requester=people[request.requester_id], handler=people.get(request.handler_id or 0, ""),
        candidates=candidates, steps=_steps(session, actor, request, candidates), moves=moves_open(actor, parties, state, Move),
        slots=slots, meeting=meeting, said=said, is_meeting=is_meeting,
        may_show_contact=current is not None and current.holds and bool(seen_by(session, actor, [current.row.person_id])),
        typed_prospect=typed_prospect(actor, parties), may_see_prospect=may_see_prospect(actor, parties),
        wished=_wished(session, actor, request, parties, candidates), wish=_wish(session, actor, request),
        wait=wait, ends_at=ends_at(wait, terms_of(session)) if wait is not None else None,
        outside=outside_of(session, current.row.id) if current is not None and meeting is not None else None,
        ruling=ruling, righter=righter.name if righter is not None else "",
        blocks=blocks, knows_blocks=bool(blocks) and current is not None and looks_after(actor, owner_of(session, current.row.person_id)),
    )  # fmt: skip


def _blocks(session: Session, candidate: RequestCandidate, now: datetime) -> list[BlockRow]:
    if has_begun(session, candidate, now):
        return []
    return standing_blocks(session, person_id=candidate.person_id, company_id=session.get_one(Person, candidate.person_id).company_id)


def _named(request: ReferenceRequest) -> list[int]:
    return [one for one in (request.requester_id, request.handler_id) if one is not None]


def _candidates(session: Session, actor: Actor, request: ReferenceRequest, parties: Parties) -> list[Proposed]:
    found = (
        select(RequestCandidate, Person.name, Company, _owner.name, ReferenceProfile.tier, Ask.override_reason, _approver.name)
        .join(Person, Person.id == RequestCandidate.person_id)
        .outerjoin(Company, Company.id == RequestCandidate.company_id)
        .outerjoin(_owner, _owner.id == RequestCandidate.owner_id)
        .outerjoin(ReferenceProfile, ReferenceProfile.person_id == RequestCandidate.person_id)
        .outerjoin(Ask, Ask.id == RequestCandidate.ask_id)
        .outerjoin(_approver, _approver.id == Ask.approver_id)
        .where(RequestCandidate.request_id == request.id)
        .order_by(RequestCandidate.id.desc())
    )
    shown, rows = [], session.execute(found).all()
    named = named_once(session, [one[0] for one in rows])
    for row, name, company, owner, tier, reason, approver in rows:
        state = CandidateState(row.state)
        knows = may_know_who(actor, parties, tier=tier or TIER_OF_STRANGERS, owner_id=row.owner_id, state=state, was_named=row.id in named)
        firm = company.name if company else ""
        called = ", ".join(filter(None, (name, firm))) if knows else masked(company)
        nominate = {}
        if row.suggested_name and knows:
            nominate = {"name": row.suggested_name, "email": row.suggested_email, "company": firm}
        beyond = {"name": approver, "reason": reason} if approver else {}
        owner = (owner or "") if knows else ""
        shown.append(Proposed(row, called, row.person_id if knows else None, knows, owner, state, holds(state), beyond, nominate))
    return shown


def _steps(session: Session, actor: Actor, request: ReferenceRequest, candidates: list[Proposed]) -> list[tuple[datetime, str, str]]:
    """Return what happened and who did it, but for customers, of whom the timeline says nothing but what they did, and for the account owners of
    those whom the reader may not know: whoever looks after a company tells which it is.
    """
    events = (
        select(AuditEvent.at, AuditEvent.name, AuditEvent.actor_id, Person.name)
        .outerjoin(Person, Person.id == AuditEvent.actor_id)
        .where(AuditEvent.subject_type == _SUBJECT, AuditEvent.subject_id == request.id, AuditEvent.name.in_(STEP_NAMES))
        .order_by(AuditEvent.id)
    )
    unknown = [one for one in candidates if not one.is_known]
    owners = {one.row.owner_id for one in unknown} - {request.requester_id, request.handler_id, actor.id}
    hidden = {one.row.person_id for one in candidates} | owners
    without = {*BY_CUSTOMER, *(BY_OWNER if unknown else ())}
    found = session.execute(events).all()
    sent = {at for at, name, _its_id, _who in found if name == "request.sent"}
    found = [one for one in found if one[1] != "request.drafted" or one[0] not in sent]  # what was sent at once was no draft
    return [(at, STEP_NAMES[name], "" if name in without or its_id in hidden else who or "") for at, name, its_id, who in found]


def _wished(session: Session, actor: Actor, request: ReferenceRequest, parties: Parties, candidates: list[Proposed]) -> tuple[int, str] | None:
    """Whoever was proposed before is not offered again, but taken by who means it."""
    person = _found_first(session, request)
    if person is None or not may_propose(actor, parties, tier_of(session, person.id)) or person.id in {one.row.person_id for one in candidates}:
        return None
    return person.id, person.name


def _wish(session: Session, actor: Actor, request: ReferenceRequest) -> str:
    person = _found_first(session, request)
    if person is None:
        return ""
    company = session.get(Company, person.company_id) if person.company_id else None
    if actor.is_admin or may_read(session, actor, person.id):
        return ", ".join(filter(None, (person.name, company.name if company else "")))
    return masked(company)


def _found_first(session: Session, request: ReferenceRequest) -> Person | None:
    person_id = request.criteria.get("person_id")
    return session.get(Person, person_id) if isinstance(person_id, int) else None


@dataclass(frozen=True)
class Found:
    """Somebody who was found for a request that is begun: how they may be called, what asking them costs, and what stands against it now.

    ``is_own``: the reader looks after their company, so nobody else is asked first.
    """

    person_id: int
    name: str
    tier: int
    is_known: bool
    is_own: bool
    price: Price
    against: tuple[Misfit, ...]


def found_for(session: Session, actor: Actor, person_id: int, needs: Needs, now: datetime) -> Found | None:
    """Return whom a request is begun for, with the price of asking; None where there is no such customer's person, or not for this reader:
    who is of tier 3, and whose profile is not active or is hidden.
    """
    person = session.get(Person, person_id)
    if person is None or not person.is_advocate:
        return None
    tier, company = tier_of(session, person_id), session.get(Company, person.company_id) if person.company_id else None
    knows = may_read(session, actor, person_id)
    profile = session.get(ReferenceProfile, person_id)
    if profile is not None and not knows and not (tier == TIER_OF_STRANGERS and profile.is_visible and profile.status == Status.ACTIVE):
        return None
    knows = knows or actor.is_admin
    name = ", ".join(filter(None, (person.name, company.name if company else ""))) if knows else masked(company)
    is_own = company is not None and company.owner_id == actor.id
    one = candidates_of(session, actor, [person_id], needs, now).get(person_id)
    against = tuple(misfit for misfit in (one.failed if one else ()) if not isinstance(misfit, OnlyByAdmin))
    return Found(person_id, name, tier, knows, is_own, ask_price(session, person_id, needs.activity, needs.needed_by, now), against)
