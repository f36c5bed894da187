"""Reference requests in every stage: sent, agreed to, answered, scheduled, done, and what the deal came to. Through the same verbs as real ones."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.acts.rules.refusals import Stop
from portal.commands.demo.cast import Cast
from portal.commands.demo.content import programme
from portal.commands.demo.story import Story
from portal.finding.rules.misfits import Misfit
from portal.kernel.actor import Actor
from portal.people.models import Company, Person
from portal.people.rules.person import PersonState
from portal.profiles.rules.activity import Activity
from portal.requests.actions.answering import accept, decline
from portal.requests.actions.asking import ask_customer
from portal.requests.actions.begin import keep_request, send_request
from portal.requests.actions.booking import pick_slot
from portal.requests.actions.ending import close_deal
from portal.requests.actions.outcomes import say_as_customer, say_as_requester
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose
from portal.requests.actions.waiting import follow_accepted
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestSlot
from portal.requests.rules.answering import CustomerNo
from portal.requests.rules.need import Need
from portal.requests.rules.states import DealOutcome, State

ZONE, ORIGIN = "Europe/Berlin", "demo"
OWN, OTHER = 1, 2
"""Which employee asks: the one who signs in to try the portal, and who wants to ask somebody whom that one looks after."""


class Requests:
    """Sends some requests, and lets each go as far as its entry says."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast
        self.ids: dict[str, int] = {}

    def begin(self) -> None:
        """Put each on the agenda, the one that is done long enough ago to have taken place."""
        days = {"completed": 24.0, "scheduled": 6.0, "suggested": 8.0, "waiting": 7.0}
        for entry in programme()["requests"]:
            self.story.plan(self.story.end - timedelta(days=days.get(entry["as"], 0), minutes=14), self._send, entry)

    def _send(self, entry: dict[str, Any], at: datetime) -> None:
        by = self.story.acting(self.cast.employees[OTHER if entry["as"] == "proposed" else OWN])
        kind = Activity.VISIT if entry["as"] == "suggested" else Activity.CALL
        need = Need(
            activity=kind, prospect=entry["prospect"], needed_by=(at + timedelta(days=2 if entry["as"] == "open" else 30)).date(),
            industry=entry["industry"], region=entry["region"],
            prospect_contact=entry["contact"], prospect_email=entry["email"], told_as=entry["told_as"], words=entry["words"],
            deal_name=entry["deal_name"], deal_value=entry.get("deal_value"), currency=str(self.story.session.info["currency"]),
            deal_stage=entry["stage"], expected_grade=4,
        )  # fmt: skip
        request = keep_request(self.story.session, by, key=f"demo-request-{entry['as']}", need=need, is_self_serve=False, now=at)
        self.ids[entry["as"]] = request.id
        if entry["as"] != "draft":
            send_request(self.story.session, by, request_id=request.id, now=at)
        if entry["as"] not in ("draft", "open"):
            self._go_on(entry["as"], request.id, by, at)

    def _go_on(self, wanted: str, request_id: int, by: Actor, at: datetime) -> None:
        session = self.story.session
        candidate = self._propose(wanted, request_id, at)
        if candidate is None or wanted == "proposed":
            return
        request = session.get_one(ReferenceRequest, request_id)
        if request.state == State.PROPOSED:
            owner = session.get_one(Person, candidate.owner_id)
            agree(session, Actor(id=owner.id, roles=owner.roles, origin=ORIGIN), request_id=request_id, candidate_id=candidate.id, now=at)
        else:
            ask_customer(session, by, request_id=request_id, candidate_id=candidate.id, now=at)
        if wanted == "suggested":
            words = {"said": "Our yard is being rebuilt. Ask Mette, she runs the other one.", "colleague": "Mette Holm"}
            decline(session, ORIGIN, candidate=candidate, code=CustomerNo.COLLEAGUE, **words, now=at + timedelta(minutes=5))
        elif wanted == "waiting":
            self._wait(candidate, at)
        elif wanted in ("completed", "scheduled"):
            self._book(wanted, candidate, by, at)

    def _wait(self, candidate: RequestCandidate, at: datetime) -> None:
        """Let the customer say yes, and nobody pick a time until all are over: the worker asks for new ones."""
        walls = [(at + timedelta(days=day)).replace(hour=11, minute=0, second=0, microsecond=0, tzinfo=None) for day in (2, 4)]
        accept(self.story.session, ORIGIN, candidate=candidate, walls=walls, minutes=30, zone=ZONE, now=at + timedelta(minutes=2))
        for days in (3, 5):
            self.story.plan(at + timedelta(days=days), self._follow, candidate.request_id)

    def _follow(self, request_id: int, at: datetime) -> None:
        follow_accepted(self.story.session, request_id=request_id, now=at)

    def _book(self, wanted: str, candidate: RequestCandidate, by: Actor, at: datetime) -> None:
        session, days = self.story.session, (3, 4, 5) if wanted == "completed" else (8, 9, 10)
        walls = [(at + timedelta(days=day)).replace(hour=14, minute=30, second=0, microsecond=0, tzinfo=None) for day in days]
        accept(session, ORIGIN, candidate=candidate, walls=walls, minutes=30, zone=ZONE, now=at + timedelta(minutes=2))
        slot = session.scalars(select(RequestSlot.id).where(RequestSlot.candidate_id == candidate.id).order_by(RequestSlot.starts_at)).first()
        place, later = "https://meet.brindlewick.example/reference", at + timedelta(minutes=4)
        meeting = pick_slot(session, by, request_id=candidate.request_id, slot_id=slot or 0, place=place, now=later)
        if wanted == "completed":
            self.story.plan(meeting.starts_at + timedelta(hours=3), self._say, candidate.id, by)

    def _say(self, candidate_id: int, by: Actor, at: datetime) -> None:
        session = self.story.session
        candidate = session.get_one(RequestCandidate, candidate_id)
        say_as_customer(session, ORIGIN, candidate=candidate, came=True, minutes=35, note="Good questions.", now=at)
        said: dict[str, Any] = {"came": True, "grade": 5, "note": "She answered what our slides cannot."}
        say_as_requester(session, by, request_id=candidate.request_id, candidate_id=candidate_id, **said, now=at)
        self.story.plan(at + timedelta(days=12), self._close, candidate.request_id, by)

    def _close(self, request_id: int, by: Actor, at: datetime) -> None:
        close_deal(self.story.session, by, request_id=request_id, outcome=DealOutcome.WON, closed_on=at.date(), now=at)

    def _propose(self, wanted: str, request_id: int, at: datetime) -> RequestCandidate | None:
        """Let an admin propose the first who may be asked."""
        admin = self.story.acting(self.cast.reviewers[0])
        for person in self._people(wanted):
            try:
                return propose(self.story.session, admin, request_id=request_id, person_id=person.id, now=at)
            except (Stop, Misfit):
                continue
        return None

    def _people(self, wanted: str) -> Iterator[Person]:
        """Yield members with somebody who looks after their company; who signs in to try the portal is asked first, and looks after one."""
        joined = [self.story.people[member.name] for member in self.cast.members if member.name in self.story.people]
        first = self.story.people.get("Anjali Menon")
        if wanted == "asked" and first is not None:
            yield first
        greta = self.story.people[self.cast.employees[OWN]].id
        for person in joined:
            company = self.story.session.get(Company, person.company_id) if person.company_id else None
            is_theirs = company is not None and company.owner_id is not None and (wanted != "proposed" or company.owner_id == greta)
            if person.state == PersonState.ACTIVE and person is not first and is_theirs:
                yield person
