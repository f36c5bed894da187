"""What is under way in a made programme, brought there by the portal's own actions: requests in every state, nominees who were asked, profiles
that are asked about, each with the link that opens its page.

An act uses up what it is done to, so that of each there are as many as some seconds of load take; what an earlier run left in a kept programme
is taken first. Links are made anew with every run, as the portal keeps only their hashes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.asks import GIANTS
from benchmarks.load import CONNECTIONS
from benchmarks.maker import ADMINS, EMPLOYEES, ZONE, Programme
from portal.kernel.actor import ADMIN, EMPLOYEE, Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.ids import new_token, token_hash
from portal.profiles.actions.asking import ask_several
from portal.profiles.actions.links import check_link, own_link
from portal.profiles.models import ProfileCheck
from portal.profiles.rules.activity import Activity
from portal.references.actions.decide import accept_nomination
from portal.references.actions.nominate import nominate
from portal.references.models.joining import NominationLink
from portal.references.models.nominating import Nomination
from portal.references.rules.states import State as Nominated
from portal.requests.actions.answering import accept
from portal.requests.actions.begin import keep_request, send_request
from portal.requests.actions.booking import pick_slot
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestLink, RequestSlot, RequestWait
from portal.requests.rules.links import LinkKind
from portal.requests.rules.need import Need
from portal.requests.rules.states import CandidateState

MOST, SHARE, AT_ONCE = 160, 80, 10
"""So many of each at most, one for so many members, made so many at once."""
FRESH_DAYS, ACTIVE, SHOWN = 150, 10, 7
LINK_DAYS = timedelta(days=90)
LONG_AGO = timedelta(days=9)
ADMIN_ID = 1


class Pool(StrEnum):
    """What requests are for that were brought into one state: to be answered once, or looked at and moved to and fro again and again."""

    OPEN = "open"
    TO_AGREE = "agree"
    TO_REFUSE = "refuse"
    OWNERS = "owners"
    TO_ACCEPT = "accept"
    TO_DECLINE = "decline"
    CUSTOMERS = "customers"
    TO_PICK = "pick"
    NONE_SUITS = "none"
    PROSPECTS = "prospects"
    BOOKED = "booked"
    HELD = "held"


STATES: dict[Pool, CandidateState | None] = {
    Pool.OPEN: None,
    Pool.TO_AGREE: CandidateState.PROPOSED,
    Pool.TO_REFUSE: CandidateState.PROPOSED,
    Pool.OWNERS: CandidateState.PROPOSED,
    Pool.TO_ACCEPT: CandidateState.ASKED,
    Pool.TO_DECLINE: CandidateState.ASKED,
    Pool.CUSTOMERS: CandidateState.ASKED,
    Pool.TO_PICK: CandidateState.ACCEPTED,
    Pool.NONE_SUITS: CandidateState.ACCEPTED,
    Pool.PROSPECTS: CandidateState.ACCEPTED,
    Pool.BOOKED: CandidateState.SCHEDULED,
    Pool.HELD: CandidateState.SCHEDULED,
}
ORDER = (CandidateState.PROPOSED, CandidateState.ASKED, CandidateState.ACCEPTED, CandidateState.SCHEDULED)
KEPT = (Pool.OPEN, Pool.OWNERS, Pool.CUSTOMERS, Pool.PROSPECTS, Pool.BOOKED)
"""Those that are not used up."""


@dataclass(frozen=True)
class Item:
    """A request that is under way: who asked for it, whom it is about, who looks after them, the times offered, and the token of its link."""

    request_id: int
    requester_id: int
    person_id: int
    candidate_id: int
    owner_id: int
    slots: tuple[int, ...]
    token: str


def staff(person_id: int) -> Actor:
    """Return an admin or employee of the made programme."""
    return Actor(id=person_id, roles=frozenset({ADMIN if person_id <= ADMINS else EMPLOYEE}), origin="127.0.0.1")


class UnderWay:
    """Brings things about when they are first asked for, in the application's own database."""

    def __init__(self, database: Database, programme: Programme) -> None:
        self.database, self.programme = database, programme
        self.most = max(2, min(MOST, programme.members // SHARE))
        self._kept: dict[Pool, list[Item]] = {}
        self._people = list(self._references())
        asked = set(self._people)
        self.others = [person for _n, person in programme.referenced() if person not in asked]

    def _references(self) -> Iterator[int]:
        """Yield who may be proposed: active, shown, verified of late, of a company that is not asked thousands of times."""
        for n, person in self.programme.referenced():
            if n % ACTIVE and n % SHOWN and n % 200 < FRESH_DAYS and (self.programme.company_of(person) or 0) > GIANTS:
                yield person

    def owner_of(self, person_id: int) -> int:
        """Return the employee who looks after somebody's company."""
        return ADMINS + 1 + (self.programme.company_of(person_id) or 0) % EMPLOYEES

    def _missing(self, have: int, number: int, make: Callable[[Session, int], object], last: int) -> None:
        """Make what is missing of ``number``, behind the number ``last``, a few in one unit of work."""
        wanted = range(last + 1, last + 1 + max(0, number - have))
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            self.database.write(lambda session, some=some: [make(session, number) for number in some] and None)

    # Requests

    def kept(self, pool: Pool) -> list[Item]:
        """Return the requests of a pool that are not used up, the same ones each time."""
        if pool not in self._kept:
            self._kept[pool] = self.requests(pool)
        return self._kept[pool]

    def requests(self, pool: Pool, kind: LinkKind | None = None) -> list[Item]:
        """Return the requests of a pool, each with a new link of a kind."""
        number = min(CONNECTIONS, self.most) if pool in KEPT else self.most
        with self.database.reading() as session:
            have, last = len(self._standing(session, pool)), session.scalar(select(func.count()).where(ReferenceRequest.key.like(f"bench-{pool}-%")))
        self._missing(have, number, lambda session, n: self._bring(session, pool, n), last or 0)
        return self.database.write(lambda session: [self._item(session, row, kind) for row in self._standing(session, pool)])

    def _standing(self, session: Session, pool: Pool) -> list[tuple[ReferenceRequest, RequestCandidate | None]]:
        held, mine = RequestCandidate.request_id == ReferenceRequest.id, ReferenceRequest.key.like(f"bench-{pool}-%")
        if (state := STATES[pool]) is None:
            return [(request, None) for request in session.scalars(select(ReferenceRequest).where(mine).order_by(ReferenceRequest.id))]
        found = select(ReferenceRequest, RequestCandidate).join(RequestCandidate, held).where(mine, RequestCandidate.state == state)
        # Whose prospect said already that no time suits is waited for.
        found = found.outerjoin(RequestWait, RequestWait.candidate_id == RequestCandidate.id).where(RequestWait.word.is_(None))
        return [(row[0], row[1]) for row in session.execute(found.order_by(ReferenceRequest.id))]

    def _item(self, session: Session, row: tuple[ReferenceRequest, RequestCandidate | None], kind: LinkKind | None) -> Item:
        request, candidate = row
        token, now = new_token(), utcnow()
        if candidate is None:
            person = int(request.criteria["person_id"])
            return Item(request.id, request.requester_id, person, 0, self.owner_of(person), (), "")
        if kind is not None:
            facts = {"candidate_id": candidate.id, "kind": kind, "token_hash": token_hash(token)}
            session.add(RequestLink(**facts, made_at=now, expires_at=now + LINK_DAYS))
        offered = select(RequestSlot.id).where(RequestSlot.candidate_id == candidate.id, RequestSlot.is_offered).order_by(RequestSlot.id)
        whose = (request.requester_id, candidate.person_id, candidate.id, candidate.owner_id or 0)
        return Item(request.id, *whose, tuple(session.scalars(offered)), token)

    def _bring(self, session: Session, pool: Pool, n: int) -> None:
        """Let an employee send a request, and everybody do what brings it to where the pool stands."""
        person = self._people[(n * len(Pool) + list(Pool).index(pool)) % len(self._people)]
        owner, now = self.owner_of(person), utcnow() - (LONG_AGO if pool is Pool.HELD else timedelta())
        requester = staff(owner + 1 if owner + 1 <= ADMINS + EMPLOYEES else ADMINS + 1)
        buyer = {"prospect": f"Prospect {pool} {n}", "prospect_contact": "Paula Prospect", "prospect_email": f"paula-{pool}-{n}@prospect.example"}
        need = Need(activity=Activity.CALL, needed_by=date(2990, 1, 1), **buyer)
        request = keep_request(session, requester, key=f"bench-{pool}-{n}", need=need, is_self_serve=True, criteria={"person_id": person}, now=now)
        send_request(session, requester, request_id=request.id, now=now)
        if (state := STATES[pool]) is None:
            return
        candidate = propose(session, staff(ADMIN_ID), request_id=request.id, person_id=person, now=now)
        if state is CandidateState.PROPOSED:
            return
        agree(session, staff(owner), request_id=request.id, candidate_id=candidate.id, now=now)
        if state is CandidateState.ASKED:
            return
        walls = [datetime.combine(now.date() + timedelta(days=day), time(10)) for day in (3, 4, 5)]
        accept(session, "127.0.0.1", candidate=candidate, walls=walls, zone=ZONE, now=now)
        if state is CandidateState.SCHEDULED:
            slot = session.scalars(select(RequestSlot.id).where(RequestSlot.candidate_id == candidate.id).order_by(RequestSlot.id)).first()
            pick_slot(session, requester, request_id=request.id, slot_id=slot or 0, now=now)

    # Nominations

    def nominees(self, pool: str, number: int) -> list[tuple[int, str]]:
        """Return nominations whose nominee was asked, each with the token of a new link."""
        states = (Nominated.INVITED, Nominated.CUSTOMER_DECLINED)

        def standing(session: Session) -> list[int]:
            mine = select(Nomination.id).where(Nomination.key.like(f"bench-{pool}-%"), Nomination.state.in_(states)).order_by(Nomination.id)
            return list(session.scalars(mine))

        with self.database.reading() as session:
            have, last = len(standing(session)), session.scalar(select(func.count()).where(Nomination.key.like(f"bench-{pool}-%")))
        self._missing(have, number, lambda session, n: self._invite(session, pool, n), last or 0)

        def linked(session: Session) -> list[tuple[int, str]]:
            now, found = utcnow(), [(nomination_id, new_token()) for nomination_id in standing(session)]
            for nomination_id, token in found:
                session.add(NominationLink(nomination_id=nomination_id, token_hash=token_hash(token), made_at=now, expires_at=now + LINK_DAYS))
            return found

        return self.database.write(linked)

    def _invite(self, session: Session, pool: str, n: int) -> None:
        now, by = utcnow(), staff(ADMINS + 1 + n % EMPLOYEES)
        who = {"name": f"Nora Nominee {n}", "email": f"nora-{pool}-{n}@nominee.example", "company": f"Nominee's company {n % 50}", "title": "Lead"}
        made = nominate(session, by, key=f"bench-{pool}-{n}", **who, why="Tells it well.", activities=[Activity.CALL], now=now)
        accept_nomination(session, staff(ADMIN_ID), nomination_id=made.id, now=now)

    # Profiles

    def checks(self, number: int) -> list[str]:
        """Return the paths of links that ask whether a profile is true, of as many that nobody has answered."""
        with self.database.reading() as session:
            asked = set(session.scalars(select(ProfileCheck.person_id).where(ProfileCheck.ended_at.is_(None))))
        # Who is asked for in requests is left alone.
        new = [person for person in self.others if person not in asked][: max(0, number - len(asked))]

        def ask(session: Session) -> list[str]:
            now = utcnow()
            if new:
                ask_several(session, staff(ADMIN_ID), person_ids=new, now=now)
            open_ones = select(ProfileCheck.id, ProfileCheck.person_id).where(ProfileCheck.ended_at.is_(None)).order_by(ProfileCheck.id)
            return [
                check_link(session, person_id=person, reader_id=self.owner_of(person), check_id=check, now=now)
                for check, person in session.execute(open_ones.limit(number)).all()
            ]

        return self.database.write(ask)

    def own_links(self, number: int) -> list[str]:
        """Return the paths of links by which references see their own page."""
        return self.database.write(lambda session: [own_link(session, person_id=person, now=utcnow()) for person in self.others[-number:]])
