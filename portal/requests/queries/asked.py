"""What stands behind the links of customers, owners and prospects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.queries.asks import beyond_told
from portal.kernel.actor import Actor
from portal.kernel.db import programme_zone
from portal.people.models import Company, Person
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.activity import Activity
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting, RequestOutcome, RequestSlot
from portal.requests.queries.parties import blackouts_of, said_yes, whom_of, works_here
from portal.requests.queries.rulings import Ruling, righter_of, ruling_of
from portal.requests.queries.terms import terms_of
from portal.requests.queries.waiting import wait_of, whole_meeting
from portal.requests.rules.answering import length_of
from portal.requests.rules.outcome import Side, differ
from portal.requests.rules.states import KEEPS_SLOT, LIVES, MEETINGS, CandidateState, State
from portal.requests.rules.waiting import Wait, ends_at


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
    meeting, slots, said = whole_meeting(session, candidate.id)
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


def own_candidate(session: Session, actor: Actor, candidate_id: int) -> RequestCandidate | None:
    """Return what a signed-in customer was asked, once they were; None for what is not theirs, or not theirs to know of."""
    row = session.get(RequestCandidate, candidate_id)
    return row if row is not None and row.person_id == actor.id and row.asked_at is not None else None


def _chosen_zone(session: Session, person_id: int) -> str:
    """Return the zone in which somebody offered times last, also such as are over or taken back; empty where they never did."""
    found = select(RequestSlot.zone).join(RequestCandidate, RequestCandidate.id == RequestSlot.candidate_id)
    return session.scalar(found.where(RequestCandidate.person_id == person_id).order_by(RequestSlot.id.desc()).limit(1)) or ""
