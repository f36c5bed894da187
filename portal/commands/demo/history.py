"""Reference requests of the months before: some were completed, some refused, some found nobody, and what their deals came to."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from portal.commands.demo.cast import Cast
from portal.commands.demo.content import programme
from portal.commands.demo.story import Story
from portal.kernel.actor import Actor
from portal.kernel.errors import Refusal
from portal.people.models import Person
from portal.profiles.rules.activity import Activity
from portal.requests.actions.answering import accept, decline
from portal.requests.actions.asking import ask_customer
from portal.requests.actions.begin import keep_request, send_request
from portal.requests.actions.booking import pick_slot
from portal.requests.actions.ending import close_deal, decline_request
from portal.requests.actions.outcomes import say_as_customer, say_as_requester
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestSlot
from portal.requests.rules.answering import CustomerNo, Unfilled
from portal.requests.rules.need import Need
from portal.requests.rules.states import DealOutcome, State

ZONE, ORIGIN = "Europe/Berlin", "demo"
LEFT = {"nobody": Unfilled.INDUSTRY, "no": Unfilled.TIME}
"""The criterion that left nobody: where nobody was found, and where who was asked had no time."""


class History:
    """Lets each request of the months before go its way, every step at its own moment."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast, self.chance = story, cast, Random(147)

    def begin(self) -> None:
        """Put the first step of each on the agenda; every step puts the next."""
        for number, entry in enumerate(programme()["past_request"]):
            day = (self.story.end - timedelta(days=entry["days"])).replace(hour=8, minute=0, second=0, microsecond=0)
            self.story.plan(day + timedelta(minutes=self.chance.randrange(540)), self._send, entry, number)

    def _later(self, at: datetime, hours: float, do: Any, *facts: Any) -> None:
        self.story.plan(self.story.after(at, hours=hours, chance=self.chance), do, *facts)

    def _send(self, entry: dict[str, Any], number: int, at: datetime) -> None:
        by = self.story.acting(self.cast.employees[number % len(self.cast.employees)])
        need = Need(
            activity=Activity.CALL, prospect=entry["prospect"], needed_by=(at + timedelta(days=21)).date(), industry=entry["industry"],
            region=entry["region"], told_as=entry["told_as"], deal_name=entry["deal"], deal_value=entry["value"],
            currency=str(self.story.session.info["currency"]), deal_stage=entry["stage"], expected_grade=4,
        )  # fmt: skip
        request = keep_request(self.story.session, by, key=f"demo-past-{number}", need=need, is_self_serve=False, now=at)
        send_request(self.story.session, by, request_id=request.id, now=at)
        self._later(at, 6, self._propose, entry, request.id, by)
        if "deal_after" in entry:
            self.story.plan(at + timedelta(days=entry["deal_after"]), self._close, entry, request.id, by)

    def _propose(self, entry: dict[str, Any], request_id: int, by: Actor, at: datetime) -> None:
        session, admin = self.story.session, self.story.acting(self.cast.reviewers[0])
        candidate = None if entry["came"] == "nobody" else self._first(entry, request_id, admin, at)
        if candidate is None:
            self._later(at, 30, self._give_up, entry, request_id)
        elif session.get_one(ReferenceRequest, request_id).state == State.PROPOSED:
            self._later(at, 9, self._agree, entry, candidate.id, by)
        else:
            self._later(at, 2, self._ask, entry, candidate.id, by)

    def _first(self, entry: dict[str, Any], request_id: int, admin: Actor, at: datetime) -> RequestCandidate | None:
        """Propose the first of those named who may be asked; who is worn or away is passed over as in earnest."""
        for name in entry["people"]:
            try:
                return propose(self.story.session, admin, request_id=request_id, person_id=self.story.people[name].id, now=at)
            except Refusal:
                continue
        return None

    def _give_up(self, entry: dict[str, Any], request_id: int, at: datetime) -> None:
        admin = self.story.acting(self.cast.reviewers[0])
        decline_request(self.story.session, admin, request_id=request_id, code=LEFT.get(entry["came"], Unfilled.NOBODY), now=at)

    def _agree(self, entry: dict[str, Any], candidate_id: int, by: Actor, at: datetime) -> None:
        candidate = self.story.session.get_one(RequestCandidate, candidate_id)
        owner = self.story.session.get_one(Person, candidate.owner_id)
        who = Actor(id=owner.id, roles=owner.roles, origin=ORIGIN)
        agree(self.story.session, who, request_id=candidate.request_id, candidate_id=candidate_id, now=at)
        self._later(at, 20, self._answer, entry, candidate_id, by)

    def _ask(self, entry: dict[str, Any], candidate_id: int, by: Actor, at: datetime) -> None:
        candidate = self.story.session.get_one(RequestCandidate, candidate_id)
        ask_customer(self.story.session, by, request_id=candidate.request_id, candidate_id=candidate_id, now=at)
        self._later(at, 20, self._answer, entry, candidate_id, by)

    def _answer(self, entry: dict[str, Any], candidate_id: int, by: Actor, at: datetime) -> None:
        session, candidate = self.story.session, self.story.session.get_one(RequestCandidate, candidate_id)
        if candidate.state != "asked":
            return  # The deal was lost meanwhile.
        if entry["came"] == "no":
            decline(session, ORIGIN, candidate=candidate, code=CustomerNo.NO_TIME, now=at)
            self._later(at, 30, self._give_up, entry, candidate.request_id)
            return
        walls = [(at + timedelta(days=day)).replace(hour=14, minute=30, second=0, microsecond=0, tzinfo=None) for day in (3, 4, 5)]
        accept(session, ORIGIN, candidate=candidate, walls=walls, minutes=30, zone=ZONE, now=at)
        self._later(at, 5, self._book, entry, candidate_id, by)

    def _book(self, entry: dict[str, Any], candidate_id: int, by: Actor, at: datetime) -> None:
        session, candidate = self.story.session, self.story.session.get_one(RequestCandidate, candidate_id)
        if candidate.state != "accepted":
            return
        slot = session.scalars(select(RequestSlot.id).where(RequestSlot.candidate_id == candidate_id).order_by(RequestSlot.starts_at)).first()
        place = "https://meet.brindlewick.example/reference"
        meeting = pick_slot(session, by, request_id=candidate.request_id, slot_id=slot or 0, place=place, now=at)
        self.story.plan(meeting.starts_at + timedelta(hours=3), self._say, entry, candidate_id, by)

    def _say(self, entry: dict[str, Any], candidate_id: int, by: Actor, at: datetime) -> None:
        session, candidate = self.story.session, self.story.session.get_one(RequestCandidate, candidate_id)
        came = entry["came"] != "missed"
        say_as_customer(session, ORIGIN, candidate=candidate, came=came, minutes=30 if came else None, now=at)
        grade = entry.get("grade", 4) if came else None
        say_as_requester(session, by, request_id=candidate.request_id, candidate_id=candidate_id, came=came, grade=grade, now=at)

    def _close(self, entry: dict[str, Any], request_id: int, by: Actor, at: datetime) -> None:
        close_deal(self.story.session, by, request_id=request_id, outcome=DealOutcome(entry["result"]), closed_on=at.date(), now=at)
