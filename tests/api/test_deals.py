"""``POST /api/v1/deals/outcomes`` as a sales system meets it: the same ending as the requester's button, told once."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal.api.actions import make_token
from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import OutboxJob
from portal.requests.actions.ending import close_deal, close_deals
from portal.requests.actions.outcomes import rule_on
from portal.requests.models import ReferenceRequest
from portal.requests.rules.states import DealOutcome
from tests.api.test_asks import problem_of
from tests.factories.requests import Cast
from tests.requests.test_path import to_booked
from tests.rewards.racing import all_at_once

Send = Callable[..., TestResponse]
DAY = "2026-11-20"


@pytest.fixture
def cast(database: Database) -> Cast:
    return database.write(Cast)


@pytest.fixture
def send(app: Any, database: Database) -> Send:
    def sent(given: dict[str, Any], scope: str = "deals") -> TestResponse:
        made = database.write(lambda s: make_token(s, system("test"), name="Sales", key=f"k{utcnow()}", now=utcnow(), scopes=(scope,)))[1]
        told = {"Authorization": f"Bearer {made}", "Content-Type": "application/json"}
        return app.test_client().post("/api/v1/deals/outcomes", data=json.dumps(given), headers=told, csrf=False)

    return sent


def helped(session: Session, cast: Cast) -> tuple[int, str]:
    """Let Ada help with a request that is over, and return its id and its deal."""
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    over = meeting.starts_at + timedelta(hours=3)
    rule_on(session, cast.admin, request_id=request.id, candidate_id=candidate.id, came=True, reason="Both were asked.", now=over)
    return request.id, str(request.deal_ref)


def results(database: Database) -> list[bool]:
    with database.reading() as session:
        jobs = session.scalars(select(OutboxJob).where(OutboxJob.topic == "mail.send"))
        return [job.payload["data"]["is_won"] for job in jobs if job.payload["kind"] == "request_result"]


def test_a_sales_system_says_what_became_of_a_deal_and_who_helped_hears_it_once(send: Send, cast: Cast, database: Database) -> None:
    request_id, deal = database.write(lambda s: helped(s, cast))
    given = {"deal": deal, "outcome": "won", "closed_on": DAY}
    answers = [send(given), send(given)]
    told = {"deal": deal, "outcome": "won", "requests": [request_id]}
    assert [(one.status_code, json.loads(one.text)) for one in answers] == [(200, told)] * 2
    assert results(database) == [True]
    other = send(given | {"outcome": "lost"})
    assert (other.status_code, problem_of(other)) == (409, "deal-closed")
    with database.reading() as session:
        kept = session.get_one(ReferenceRequest, request_id)
        assert (kept.deal_outcome, str(kept.deal_closed_on), kept.state) == ("won", DAY, "completed")
    assert problem_of(send(given | {"corrects": "yes"})) == "field-invalid"
    right = given | {"outcome": "lost", "corrects": True}
    assert [send(right).status_code for _ in range(2)] == [200, 200]
    assert results(database) == [True, False]


def test_what_cannot_be_read_or_found_is_refused_by_name(send: Send, cast: Cast, database: Database) -> None:
    deal = database.write(lambda s: str(cast.request(s).deal_ref))
    good = {"deal": deal, "outcome": "lost", "closed_on": DAY}
    wrong: list[tuple[dict[str, Any], str]] = [
        (good | {"deal": "nobody's"}, "deal-unknown"), (good | {"deal": " "}, "deal-unknown"), (good | {"outcome": "maybe"}, "field-invalid"),
        (good | {"closed_on": "20.11."}, "field-invalid"), (good | {"value": 3}, "field-unknown"),
    ]  # fmt: skip
    for given, name in wrong:
        answer = send(given)
        assert (answer.status_code, problem_of(answer)) == (422, name), given
    assert problem_of(send(good, "asks")) == "scope-missing"
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(ReferenceRequest.deal_outcome.is_not(None))) == 0


def test_button_and_system_at_once_tell_once(cast: Cast, database: Database) -> None:
    request_id, deal = database.write(lambda s: helped(s, cast))
    facts: dict[str, Any] = {"outcome": DealOutcome.WON, "closed_on": utcnow().date(), "now": utcnow()}
    outside = Actor(id=None, origin="api")
    works: list[Callable[[Session], Any]] = [
        lambda s: close_deal(s, cast.greta, request_id=request_id, **facts),
        lambda s: close_deals(s, outside, deal_ref=deal, **facts),
    ]
    assert all_at_once(database, works * 8, tries=30) == {"done": 16}
    assert results(database) == [True]
