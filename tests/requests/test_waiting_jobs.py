"""The worker goes on after a bad row, in each of its rounds; two who write down a call and one who picks a time leave one meeting."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.models.asks import OpenAsk
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import OutboxJob
from portal.requests import jobs
from portal.requests.actions.answering import offer_others
from portal.requests.actions.booking import pick_as_prospect
from portal.requests.actions.outcomes import say_as_customer, say_as_requester
from portal.requests.actions.outside import write_outside
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose
from portal.requests.actions.waiting import follow_accepted
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting, RequestSlot
from tests.factories.requests import Cast
from tests.requests.test_path import ORIGIN, ZONE, to_booked, to_yes, walls
from tests.rewards.racing import all_at_once
from tests.support.poison import poisoned

Work = Callable[[Session], Any]


@pytest.fixture
def cast(database: Database) -> Cast:
    return database.write(Cast)


def asked(session: Session, cast: Cast) -> RequestCandidate:
    candidate = propose(session, cast.greta, request_id=cast.request(session).id, person_id=cast.ada_id, now=cast.at)
    agree(session, cast.owner, request_id=candidate.request_id, candidate_id=candidate.id, now=cast.at)
    return candidate


def said(session: Session, cast: Cast) -> RequestCandidate:
    candidate, meeting = to_booked(session, cast, cast.request(session).id)
    say_as_customer(session, ORIGIN, candidate=candidate, came=False, now=meeting.starts_at + timedelta(hours=1))
    return candidate


ROUNDS: dict[str, tuple[Callable[[Database, datetime], int], Callable[[Session, Cast], Any], str, str, int]] = {
    "who waits": (jobs.follow_requests, asked, "request_candidate", "id", 5),
    "what was agreed to": (jobs.follow_agreed, lambda s, cast: to_yes(s, cast, cast.request(s).id), "request_wait", "candidate_id", 6),
    "whose day is over": (jobs.expire_requests, lambda s, cast: cast.request(s), "reference_request", "id", 40),
    "meetings that are over": (jobs.ask_what_happened, lambda s, cast: to_booked(s, cast, cast.request(s).id), "request_meeting", "candidate_id", 6),
    "what one side said": (jobs.let_words_stand, said, "reference_request", "id", 20),
}


@pytest.mark.parametrize("one", ROUNDS.values(), ids=ROUNDS)
def test_one_bad_row_holds_up_no_other(database: Database, cast: Cast, one: Any) -> None:
    job, scene, table, column, days = one
    for _ in range(2):
        database.write(lambda session: scene(session, cast))
    now = cast.at + timedelta(days=days)
    with poisoned(database, table, column, 1, "INSERT" if table == "request_wait" else "UPDATE"):
        assert job(database, now) == 1
        assert job(database, now) == 0, "what is done is done once, and the bad row is tried again"
    assert [job(database, now) for _ in range(2)] == [1, 0]


def test_two_who_write_down_a_call_and_one_who_picks_a_time_leave_one_meeting(database: Database, cast: Cast) -> None:
    candidate = database.write(lambda session: to_yes(session, cast, cast.request(session).id))
    with database.reading() as session:
        slot_id = session.scalars(select(RequestSlot.id).order_by(RequestSlot.starts_at)).first() or 0
    now = utcnow() + timedelta(hours=2)
    given: dict[str, Any] = {"wall": (now - timedelta(hours=1)).replace(tzinfo=None), "zone": "UTC", "minutes": 30, "who": "Paul and Ada"}

    def written(session: Session) -> object:
        return write_outside(session, cast.greta, request_id=1, candidate_id=candidate.id, **given, now=now)

    def picked(session: Session) -> object:
        return pick_as_prospect(session, ORIGIN, candidate=session.get_one(RequestCandidate, candidate.id), slot_id=slot_id, now=now)

    def looked(session: Session) -> object:
        return follow_accepted(session, request_id=1, now=now)

    answers = all_at_once(database, [written, picked, written, looked, written, picked], tries=30)
    assert set(answers) <= {"done", "SlotGone"}
    with database.reading() as session:
        meeting = session.scalars(select(RequestMeeting)).one()
        sent = [one["kind"] for one in session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "mail.send"))]
        assert session.get_one(ReferenceRequest, 1).state == "scheduled"
    assert meeting.starts_at < now, "whichever came first, the one that took place stands"
    assert (sent.count("request_outcome"), sent.count("request_invitation") % 4) == (1, 0), "what was picked first is called off again"

    def customer(session: Session) -> object:
        return say_as_customer(session, ORIGIN, candidate=session.get_one(RequestCandidate, candidate.id), came=True, now=now)

    def requester(session: Session) -> object:
        return say_as_requester(session, cast.greta, request_id=1, candidate_id=candidate.id, came=True, grade=4, now=now)

    all_at_once(database, [customer, requester, written] * 3, tries=30)
    with database.reading() as session:
        assert (session.get_one(ReferenceRequest, 1).state, balance_of(session, cast.ada_id).net) == ("completed", 400)
        assert [session.scalar(select(func.count()).select_from(table)) for table in (Act, OpenAsk)] == [1, 0]


def test_an_end_and_new_times_at_once_leave_one_story(database: Database, cast: Cast) -> None:
    candidate = database.write(lambda session: to_yes(session, cast, cast.request(session).id))
    for days in (6, 10):
        jobs.follow_agreed(database, cast.at + timedelta(days=days))
    now = cast.at + timedelta(days=27)

    def ended(session: Session) -> object:
        return follow_accepted(session, request_id=1, now=now)

    def offered(session: Session) -> object:
        one = session.get_one(RequestCandidate, candidate.id)
        return offer_others(session, ORIGIN, candidate=one, walls=walls(now, 3), minutes=30, zone=ZONE, now=now)

    answers = all_at_once(database, [ended, offered, ended, offered], tries=30)
    with database.reading() as session:
        state = session.get_one(ReferenceRequest, 1).state
        assert (state, answers["NotNeeded"]) in (("expired", 2), ("accepted", 0))
        assert session.scalar(select(func.count()).select_from(OpenAsk)) == (state == "accepted")
