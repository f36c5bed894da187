"""``POST /api/v1/asks`` as another system meets it: the same budget, the same refusals by name."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from config import ROOT
from portal.acts.actions.blocking import set_block
from portal.acts.actions.saying import set_own_terms
from portal.acts.models.asks import Ask
from portal.acts.queries.asks import outcomes_of
from portal.acts.rules.terms import Terms
from portal.api.actions import make_token
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.web.problems import SPACE
from tests.factories.asks import by_advocate
from tests.factories.people import make_admin, make_person

DOCUMENT = (ROOT / "docs" / "api.md").read_text()
ASK = {"id": "a-1", "kind": "survey", "email": "ann@customer.example"}
Send = Callable[..., TestResponse]


@pytest.fixture
def ann(database: Database) -> int:
    return database.write(lambda s: make_person(s, name="Ann Lee", email="ann@customer.example").id)


@pytest.fixture
def send(app: Any, ann: int, database: Database) -> Send:
    made = database.write(lambda s: make_token(s, system("test"), name="Survey tool", key="k", now=utcnow(), scopes=("asks",)))[1]

    def sent(
        given: dict[str, Any] | None = None, *, token: str = made, raw: str = "", path: str = "/api/v1/asks", whole: bool = True
    ) -> TestResponse:
        told = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = raw or json.dumps((ASK if whole else {"id": ASK["id"]}) | (given or {}))
        return app.test_client().post(path, data=body, headers=told, csrf=False)

    return sent


def problem_of(answer: TestResponse) -> str:
    assert answer.mimetype == "application/problem+json"
    kind = str(json.loads(answer.text)["type"]).removeprefix(SPACE)
    assert f"`{kind}`" in DOCUMENT
    return kind


def count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Ask)) or 0


def test_what_came_of_it_is_told_by_the_id_of_the_ask_and_twice_is_once(send: Send, app: Any, database: Database) -> None:
    first = json.loads(send().text)
    made = database.write(lambda s: make_token(s, system("test"), name="Other", key="o", now=utcnow(), scopes=("asks",)))[1]

    def came(outcome: str, **more: Any) -> TestResponse:
        return send({"outcome": outcome} | more, path="/api/v1/asks/outcomes", whole=False)

    for _ in range(2):
        answer = came("completed", minutes=3, note="By mail")
        assert (answer.status_code, json.loads(answer.text)["state"], json.loads(answer.text)["ask"]) == (200, "completed", first["ask"])
    with database.reading() as session:
        assert [came.value for came in outcomes_of(session, first["ask"])] == ["completed"]
    assert (came("declined").status_code, problem_of(came("declined"))) == (409, "already-answered")
    assert (came("expired").status_code, problem_of(came("expired"))) == (422, "field-invalid")
    logged = {"happened_at": "2026-11-02T10:00:00+00:00"}
    assert (send(logged | {"outcome": "declined"}).status_code, send(logged).status_code) == (409, 409), "the id is that of an ask made here"
    other = send({"outcome": "completed"}, token=made, path="/api/v1/asks/outcomes", whole=False)
    assert other.status_code == 404, "another token's asks are not its own"


def test_an_ask_takes_a_slot_and_the_same_id_is_the_same_ask(send: Send, ann: int, database: Database) -> None:
    first, again = send(), send()
    assert (first.status_code, again.status_code) == (201, 201)
    told = json.loads(first.text)
    assert json.loads(again.text) == told
    assert (told["person_id"], told["state"], told["left"], told["effort"]) == (ann, "open", 3, 1)
    assert count(database) == 1


def test_the_fifth_is_refused_with_the_day_on_which_a_slot_frees(send: Send, database: Database) -> None:
    assert [send({"id": f"a-{n}"}).status_code for n in range(4)] == [201] * 4
    refused = send({"id": "a-5", "kind": "call"})
    assert (refused.status_code, problem_of(refused)) == (409, "person-cap-reached")
    assert "Ann Lee has 4 of 4 asks in 90 days. A slot frees on 20" in json.loads(refused.text)["detail"]
    assert count(database) == 4


def test_what_a_member_said_and_a_block_hold_for_other_systems_too(send: Send, ann: int, database: Database) -> None:
    database.write(lambda s: set_own_terms(s, by_advocate(ann), terms=Terms(unwanted=("survey",)), now=utcnow()))
    assert problem_of(send()) == "kind-not-wanted"
    admin = database.write(make_admin)
    by = system("test")
    assert admin.id
    database.write(lambda s: set_block(s, by, kind="legal", reason="Lawsuit", person_id=ann, now=utcnow()))
    assert problem_of(send({"kind": "call"})) == "legal-hold"


def test_one_that_was_asked_already_is_written_down(send: Send, database: Database) -> None:
    moment = "2026-11-20T14:05:00+01:00"
    told = json.loads(send({"happened_at": moment, "outcome": "completed", "minutes": 4, "note": "Nine", "kind": "call"}).text)
    assert (told["state"], told["left"]) == ("completed", 3)
    with database.reading() as session:
        ask = session.get(Ask, told["ask"])
        assert ask.is_outside
        assert outcomes_of(session, ask.id) == ["completed"]


def test_what_is_wrong_is_named_and_nothing_is_kept(send: Send, database: Database, subtests: pytest.Subtests) -> None:
    for given, problem in [
        ({"kind": "favour"}, "kind-unknown"),
        ({"person_id": 1}, "one-of-two"),
        ({"email": "nobody@x.example"}, "who-unknown"),
        ({"id": ""}, "field-invalid"),
        ({"id": "x" * 101}, "field-invalid"),
        ({"channel": "pigeon"}, "field-invalid"),
        ({"outcome": "completed"}, "field-invalid"),
        ({"happened_at": "2026-11-20T14:05:00+01:00", "minutes": -1}, "field-invalid"),
        ({"happened_at": "2026-11-20"}, "field-invalid"),
        ({"happened_at": "2999-01-01T00:00:00+00:00"}, "moment-ahead"),
        ({"happened_at": "1999-01-01T00:00:00+00:00"}, "moment-too-old"),
        ({"colour": "red"}, "field-unknown"),
    ]:
        with subtests.test(given=given):
            assert problem_of(send(given)) == problem
            assert count(database) == 0


def test_a_token_for_events_asks_nobody(send: Send, database: Database) -> None:
    events = database.write(lambda s: make_token(s, system("test"), name="Webinars", key="e", now=utcnow()))[1]
    assert problem_of(send(token=events)) == "scope-missing"
    assert count(database) == 0


def test_the_example_of_the_document_is_taken(send: Send) -> None:
    answer = send(raw=DOCUMENT.split("--data-raw '")[1].split("'")[0])
    assert answer.status_code == 201
    shown = re.search(r'^\{"ask".*\}$', DOCUMENT, re.MULTILINE)
    assert shown
    assert set(json.loads(shown[0])) == set(json.loads(answer.text))
