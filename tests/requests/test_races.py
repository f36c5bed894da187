"""Many at once: one slot is reserved once, one candidate holds, one answer counts, points are paid once."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.actions.saying import set_person_terms
from portal.acts.models.acts import Act
from portal.acts.models.asks import Ask, OpenAsk
from portal.acts.rules.terms import Terms
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import OutboxJob
from portal.requests.actions.answering import accept, decline
from portal.requests.actions.booking import pick_as_prospect
from portal.requests.actions.ending import close_deal
from portal.requests.actions.outcomes import put_right, rule_on, say_as_customer, say_as_requester
from portal.requests.actions.owning import agree, refuse
from portal.requests.actions.proposing import propose
from portal.requests.actions.reopening import say_none_suits
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting, RequestSlot
from portal.requests.rules.states import DealOutcome
from tests.factories.people import make_person
from tests.factories.requests import Cast, make_askable
from tests.requests.test_path import ORIGIN, ZONE, to_booked, to_yes, walls
from tests.requests.test_put_right import to_dispute
from tests.rewards.racing import all_at_once

MANY = 32
Work = Callable[[Session], Any]


@pytest.fixture
def cast(database: Database) -> Cast:
    return database.write(Cast)


def race(database: Database, works: list[Work], tries: int = 30) -> Counter[str]:
    return all_at_once(database, works, tries=tries)


def test_of_32_proposals_of_one_persons_last_slot_exactly_one_wins(database: Database, cast: Cast) -> None:
    def scene(session: Session) -> list[int]:
        set_person_terms(session, cast.admin, person_id=cast.ada_id, terms=Terms(most=1, days=90), reason="Her wish.", now=cast.at)
        return [cast.request(session).id for _ in range(MANY)]

    ids = database.write(scene)

    def proposing(request_id: int) -> Work:
        return lambda session: propose(session, cast.greta, request_id=request_id, person_id=cast.ada_id, now=utcnow())

    assert race(database, [proposing(one) for one in ids]) == {"done": 1, "PersonCapReached": MANY - 1}
    with database.reading() as session:
        counted = [session.scalar(select(func.count()).select_from(table)) for table in (Ask, OpenAsk, RequestCandidate)]
        states = Counter(session.scalars(select(ReferenceRequest.state)))
    assert (counted, states) == ([1, 1, 1], {"proposed": 1, "open": MANY - 1})


def test_one_request_has_one_candidate_however_many_are_proposed_at_once(database: Database, cast: Cast) -> None:
    def scene(session: Session) -> tuple[int, list[int]]:
        people = [make_person(session) for _ in range(8)]
        for person in people:
            make_askable(session, person)
        return cast.request(session).id, [person.id for person in people]

    request_id, people = database.write(scene)
    works: list[Work] = [lambda session, one=one: propose(session, cast.greta, request_id=request_id, person_id=one, now=utcnow()) for one in people]
    assert race(database, works) == {"done": 1, "OneAtATime": 7}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OpenAsk)) == 1


def test_of_an_owners_two_answers_one_counts(database: Database, cast: Cast) -> None:
    def scene(session: Session) -> RequestCandidate:
        return propose(session, cast.greta, request_id=cast.request(session).id, person_id=cast.ada_id, now=cast.at)

    candidate = database.write(scene)
    which = {"request_id": candidate.request_id, "candidate_id": candidate.id}
    works: list[Work] = [lambda session: agree(session, cast.owner, **which, now=utcnow())]
    works += [lambda session: refuse(session, cast.owner, **which, code="renewal", now=utcnow())]
    assert race(database, works * 4) == {"done": 1, "RequestMoved": 7}
    with database.reading() as session:
        state, written = session.scalars(select(RequestCandidate.state)).one(), session.scalar(select(func.count()).select_from(OpenAsk))
    assert (state, written) in (("asked", 1), ("owner_declined", 0))


def test_a_customers_yes_twice_and_the_end_of_the_deal_leave_one_story(database: Database, cast: Cast) -> None:
    def scene(session: Session) -> int:
        request = cast.request(session)
        candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
        agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, now=cast.at)
        return candidate.id

    candidate_id = database.write(scene)

    def yes(session: Session) -> object:
        candidate = session.get_one(RequestCandidate, candidate_id)
        return accept(session, ORIGIN, candidate=candidate, walls=walls(cast.at, 3), zone=ZONE, now=utcnow())

    def no(session: Session) -> object:
        return decline(session, ORIGIN, candidate=session.get_one(RequestCandidate, candidate_id), code="other", now=utcnow())

    def lost(session: Session) -> object:
        return close_deal(session, cast.greta, request_id=1, outcome=DealOutcome.LOST, closed_on=cast.at.date(), now=utcnow())

    answers = race(database, [yes, yes, no, yes, no, lost])
    assert set(answers) <= {"done", "AnsweredBefore", "NotNeeded"}
    with database.reading() as session:
        request, candidate = session.get_one(ReferenceRequest, 1), session.get_one(RequestCandidate, candidate_id)
        assert request.state == "withdrawn"
        assert candidate.state in ("withdrawn", "declined")
        assert session.scalar(select(func.count()).select_from(OpenAsk)) == 0


def test_a_prospects_two_picks_are_one_meeting(database: Database, cast: Cast) -> None:
    def scene(session: Session) -> tuple[int, list[int]]:
        candidate = to_yes(session, cast, cast.request(session).id)
        return candidate.id, list(session.scalars(select(RequestSlot.id).order_by(RequestSlot.starts_at)))

    candidate_id, slots = database.write(scene)

    def picking(slot_id: int, seen: datetime | None = None) -> Work:
        def work(session: Session) -> object:
            candidate = session.get_one(RequestCandidate, candidate_id)
            return pick_as_prospect(session, ORIGIN, candidate=candidate, slot_id=slot_id, seen=seen, now=utcnow())

        return work

    assert race(database, [picking(slots[0])] * 6) == {"done": 6}
    with database.reading() as session:
        meeting = session.scalars(select(RequestMeeting)).one()
        sent = [one for one in session.scalars(select(OutboxJob.payload)) if one.get("kind") == "request_invitation"]
    assert (meeting.sequence, len(sent)) == (0, 2)
    settled = meeting.starts_at
    assert race(database, [picking(slot, settled) for slot in (slots[1], slots[2])] * 2) == {"done": 2, "PickedMeanwhile": 2}
    with database.reading() as session:
        assert session.scalars(select(RequestMeeting.sequence)).one() == 1, "of two windows that move it one does; the other reads so"


def test_both_say_at_once_what_happened_and_points_are_paid_once(database: Database, cast: Cast) -> None:
    candidate, meeting = database.write(lambda session: to_booked(session, cast, cast.request(session).id))
    over = meeting.starts_at + timedelta(hours=3)

    def customer(session: Session) -> object:
        return say_as_customer(session, ORIGIN, candidate=session.get_one(RequestCandidate, candidate.id), came=True, minutes=30, now=over)

    def requester(session: Session) -> object:
        return say_as_requester(session, cast.greta, request_id=1, candidate_id=candidate.id, came=True, grade=4, now=over)

    answers = race(database, [customer, requester] * 4)
    assert answers["done"] == 2
    assert set(answers) <= {"done", "SaidBefore", "RequestMoved", "NotNeeded"}
    with database.reading() as session:
        assert session.get_one(ReferenceRequest, 1).state == "completed"
        assert balance_of(session, cast.ada_id).net == 400
        assert session.scalar(select(func.count()).select_from(Act)) == 1


def test_six_admins_who_put_it_right_at_once_pay_once_and_take_back_once(database: Database, cast: Cast) -> None:
    candidate, over = database.write(lambda session: to_dispute(session, cast, cast.request(session).id))
    facts = {"request_id": 1, "candidate_id": candidate.id, "now": over}
    database.write(lambda session: rule_on(session, cast.admin, **facts, came=False, reason="Nobody joined."))
    for came, net, acts in ((True, 400, 1), (False, 0, 1)):
        works: list[Work] = [lambda session, came=came: put_right(session, cast.admin, **facts, came=came, reason="Heard anew.")] * 6
        assert race(database, works) == {"done": 6}
        with database.reading() as session:
            assert (balance_of(session, cast.ada_id).net, session.scalar(select(func.count()).select_from(Act))) == (net, acts)
    with database.reading() as session:
        told = [job.payload for job in session.scalars(select(OutboxJob)) if job.payload.get("kind") == "request_decided"]
        assert len([one for one in told if one["data"]["is_customer"]]) == 3


def test_of_six_who_say_at_once_that_no_time_suits_one_counts(database: Database, cast: Cast) -> None:
    candidate = database.write(lambda session: to_booked(session, cast, cast.request(session).id)[0])
    works: list[Work] = [lambda session: say_none_suits(session, ORIGIN, candidate=session.merge(candidate, load=True), now=utcnow())] * 6
    assert race(database, works) == {"done": 1, "ToldUsAlready": 5}
    with database.reading() as session:
        assert session.scalars(select(RequestMeeting.sequence)).one() == 1
        asked = [job.payload for job in session.scalars(select(OutboxJob)) if job.payload.get("kind") == "request_new_times"]
    assert len(asked) == 1
