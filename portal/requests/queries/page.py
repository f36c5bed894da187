"""One request whole, as one reader may see it; and what stands behind the links of customers, owners and prospects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from portal.accounts.queries.seeing import seen_by
from portal.acts.models.asks import Ask
from portal.acts.queries.asks import beyond_told
from portal.audit.models import AuditEvent
from portal.finding.queries.candidates import candidates_of
from portal.finding.queries.price import ask_price
from portal.finding.rules.misfits import Misfit, OnlyByAdmin
from portal.finding.rules.needs import Needs
from portal.finding.rules.price import Price
from portal.kernel.actor import Actor
from portal.kernel.db import programme_zone
from portal.people.models import Company, Person
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.seeing import may_read
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.states import Status
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting, RequestOutcome, RequestOutside, RequestSlot
from portal.requests.queries.parties import blackouts_of, masked, named_once, request_for, said_yes, tier_of, whom_of, works_here
from portal.requests.queries.records import needs_of
from portal.requests.queries.rulings import Ruling, righter_of, ruling_of
from portal.requests.queries.terms import terms_of
from portal.requests.queries.waiting import outside_of, wait_of
from portal.requests.rules.answering import length_of
from portal.requests.rules.lists import STEP_NAMES
from portal.requests.rules.outcome import Side, differ
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
from portal.requests.rules.states import KEEPS_SLOT, LIVES, MEETINGS, CandidateState, Move, State, Turn, turn
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
        meeting, slots, said = _meeting(session, current.row.id)
    people = {row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(_named(request))))}
    state, is_meeting = State(request.state), request.activity in MEETINGS
    wait = wait_of(session, current.row) if current is not None and state is State.ACCEPTED else None
    is_settled = current is not None and current.state in KEEPS_SLOT
    ruling = ruling_of(session, current.row) if current is not None else None
    righter = righter_of(session, request, ruling.person_id if ruling else None) if is_settled else None
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
    )  # fmt: skip


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


def _meeting(session: Session, candidate_id: int) -> tuple[RequestMeeting | None, list[RequestSlot], dict[str, RequestOutcome]]:
    offered = select(RequestSlot).where(RequestSlot.candidate_id == candidate_id, RequestSlot.is_offered).order_by(RequestSlot.starts_at)
    said = {one.side: one for one in session.scalars(select(RequestOutcome).where(RequestOutcome.candidate_id == candidate_id))}
    return session.get(RequestMeeting, candidate_id), list(session.scalars(offered)), said


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


@dataclass(frozen=True)
class Asked:
    """What a customer, an owner or a prospect reads behind a link."""

    candidate: RequestCandidate
    request: ReferenceRequest
    person: str
    company: str
    asker: str
    activity: Activity
    state: CandidateState
    slots: list[RequestSlot]
    meeting: RequestMeeting | None
    said: dict[str, RequestOutcome]
    zone: str
    minutes: int
    is_meeting: bool
    blackouts: list[tuple[date, date]]
    ends_at: datetime | None
    """When it ends, if nobody answers what was asked since the yes."""
    wait: Wait | None
    """How long the yes has waited for a time, while it does."""
    asker_email: str
    """Where whoever asked is written to; empty once they work here no more."""
    beyond: list[tuple[str, Mapping[str, Any]]]
    """The limits that it goes beyond, as sentences."""
    approver: str
    """In whose name it does."""
    whom: str
    """Who the prospect is, once the customer said yes."""
    ruling: Ruling | None
    """What an admin decided of what happened, where one did."""
    righter: str
    """The admin who can put right what they said, or what is written down of it, with the address; empty before they said anything."""
    is_zone_known: bool
    """Whether ``zone`` is theirs; otherwise it is the programme's, for want of a better one."""

    @property
    def settled(self) -> RequestMeeting | None:
        """Return the meeting that stands, or None where there is none or it was called off."""
        return self.meeting if self.meeting is not None and self.meeting.cancelled_at is None else None

    @property
    def off(self) -> RequestMeeting | None:
        """Return the meeting that was settled and is off, while another time is looked for."""
        return self.meeting if self.state is CandidateState.ACCEPTED and self.settled is None else None

    @property
    def named(self) -> str:
        """Return how the prospect is named to a customer who says yes."""
        return whom_of(self.request)

    @property
    def is_looked_on(self) -> bool:
        """Tell whether somebody else is looked for: the request goes on."""
        return State(self.request.state) in LIVES

    @property
    def is_disputed(self) -> bool:
        """Tell whether the requester said otherwise than they did, so that an admin decides."""
        return differ(one.came for one in self.said.values())

    @property
    def has_said(self) -> bool:
        return Side.CUSTOMER in self.said

    def is_over(self, now: datetime) -> bool:
        """Tell whether it is time to say how it went: the meeting has begun; without one, somebody asked, or the requester says it is done."""
        if not self.is_meeting:
            return self.ends_at is not None or Side.REQUESTER in self.said
        return self.settled is not None and self.settled.starts_at <= now

    def times_left(self, now: datetime) -> list[RequestSlot]:
        """Return the offered times that are still to come."""
        return [slot for slot in self.slots if slot.starts_at > now]


def behind_link(session: Session, candidate: RequestCandidate) -> Asked:
    """Return what stands behind a link that opens a candidate."""
    request, person = session.get_one(ReferenceRequest, candidate.request_id), session.get_one(Person, candidate.person_id)
    company = session.get(Company, candidate.company_id) if candidate.company_id else None
    profile = session.get(ReferenceProfile, person.id)
    meeting, slots, said = _meeting(session, candidate.id)
    terms, asker = terms_of(session), session.get_one(Person, request.requester_id)
    wait = wait_of(session, candidate) if candidate.state == CandidateState.ACCEPTED else None
    ends = ends_at(wait, terms) if wait is not None else None
    own_zone = _chosen_zone(session, person.id) or person.time_zone or (profile.time_zone if profile else "")
    facts: dict[str, Any] = {"slots": slots, "meeting": meeting, "said": said, "blackouts": blackouts_of(session, person.id)}
    ruling = ruling_of(session, candidate)
    righter = righter_of(session, request, ruling.person_id if ruling else None) if said or candidate.state in KEEPS_SLOT else None
    facts |= {"ruling": ruling, "righter": ", ".join(filter(None, (righter.name, righter.email))) if righter is not None else ""}
    return Asked(
        candidate=candidate, request=request, person=person.name, company=company.name if company else "",
        asker=asker.name, asker_email=(asker.email or "") if works_here(asker) else "", activity=Activity(request.activity),
        state=CandidateState(candidate.state), zone=own_zone or programme_zone(session), is_zone_known=bool(own_zone),
        whom=whom_of(request) if said_yes(candidate) else "",
        minutes=length_of(Activity(request.activity), terms.minutes), is_meeting=request.activity in MEETINGS, ends_at=ends, wait=wait,
        **facts, **beyond_told(session, candidate.ask_id),
    )  # fmt: skip


def _chosen_zone(session: Session, person_id: int) -> str:
    """Return the zone in which somebody offered times last, also such as are over or taken back; empty where they never did."""
    found = select(RequestSlot.zone).join(RequestCandidate, RequestCandidate.id == RequestSlot.candidate_id)
    return session.scalar(found.where(RequestCandidate.person_id == person_id).order_by(RequestSlot.id.desc()).limit(1)) or ""


def own_candidate(session: Session, actor: Actor, candidate_id: int) -> RequestCandidate | None:
    """Return what a signed-in customer was asked, once they were; None for what is not theirs, or not theirs to know of."""
    row = session.get(RequestCandidate, candidate_id)
    return row if row is not None and row.person_id == actor.id and row.asked_at is not None else None
