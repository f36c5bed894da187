"""``POST /api/v1/events`` as another system meets it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from config import ROOT
from portal.api.actions import make_token, revoke_token
from portal.api.models import ApiToken
from portal.api.rules import DENIALS
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.outside.models import EventUse, OutsideEvent
from portal.people.models import SignInSession
from portal.web.guards import API, audience_of
from portal.web.problems import SPACE
from portal.web.security import csrf
from tests.challenges.webinars import make_webinar
from tests.factories.challenges import make_submission
from tests.factories.people import make_admin, make_person

PATH = "/api/v1/events"
EVENT = {"id": "a-1", "code": "webinar", "email": "ann@customer.example", "happened_at": "2026-11-20T14:05:00+01:00"}
DOCUMENT = (ROOT / "docs" / "api.md").read_text()
Send = Callable[..., TestResponse]


@pytest.fixture
def token(database: Database) -> str:
    return database.write(lambda s: make_token(s, system("test"), name="Webinar tool", key="k", now=utcnow()))[1]


@pytest.fixture
def send(app: Any, token: str) -> Send:
    """Send an event as another system does: no cookies, no form's token."""

    def sent(given: Any = None, *, raw: bytes | None = None, **headers: str) -> TestResponse:
        told = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} | {n.replace("_", "-"): v for n, v in headers.items()}
        body = raw if raw is not None else json.dumps(EVENT | (given or {})).encode()
        return app.test_client().post(PATH, data=body, headers=told, csrf=False)

    return sent


def problem_of(answer: TestResponse) -> str:
    """Return the type of a problem, checked for its shape."""
    assert answer.mimetype == "application/problem+json"
    said = json.loads(answer.text)
    assert said["status"] == answer.status_code
    assert said["title"]
    assert "Set-Cookie" not in answer.headers
    return str(said["type"]).removeprefix(SPACE)


def count(database: Database, table: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_an_event_is_taken_once_and_answered_alike(database: Database, send: Send) -> None:
    person, challenge = database.write(lambda s: (make_person(s, email="ann@customer.example"), make_webinar(s)))
    database.write(lambda s: make_submission(s, person, challenge))
    first, second = send({"data": {"minutes": 42}}), send({"data": {"minutes": 42}})
    assert (first.status_code, first.mimetype) == (202, "application/json")
    assert {name: json.loads(first.text)[name] for name in ("id", "code", "outcome")} == {"id": "a-1", "code": "webinar", "outcome": "matched"}
    assert (second.status_code, second.text) == (first.status_code, first.text)
    assert (count(database, OutsideEvent), count(database, EventUse)) == (1, 1)
    assert problem_of(send({"code": "another"})) == "event-differs"
    assert "Set-Cookie" not in first.headers


def test_what_is_wrong_is_told_by_name_and_field(database: Database, send: Send, subtests: pytest.Subtests) -> None:
    for given, problem, field in [
        ({"id": ""}, "event-id-invalid", "id"),
        ({"id": 7}, "field-invalid", "id"),
        ({"code": "two words"}, "code-invalid", "code"),
        ({"email": None}, "person-missing", "email"),
        ({"email": "nobody"}, "person-email-invalid", "email"),
        ({"email": None, "person_id": True}, "field-invalid", "person_id"),
        ({"email": None, "person_id": 10**30}, "field-invalid", "person_id"),
        ({"email": None, "person_id": -1}, "field-invalid", "person_id"),
        ({"email": None, "person_id": 4_711}, "person-number-unknown", "person_id"),
        ({"happened_at": "2026-11-20"}, "field-invalid", "happened_at"),
        ({"happened_at": "2026-11-20T14:05:00"}, "field-invalid", "happened_at"),
        ({"happened_at": "2999-11-20T14:05:00Z"}, "happened-in-future", "happened_at"),
        ({"data": [1]}, "field-invalid", "data"),
        ({"data": {"a": "\x00"}}, "field-invalid", "data"),
        ({"data": {"a": "x" * 4000}}, "data-too-large", "data"),
        ({"happend_at": "2026"}, "field-unknown", "happend_at"),
    ]:
        with subtests.test(given=given):
            answer = send(given)
            assert (answer.status_code, problem_of(answer)) == (422, problem)
            assert [error["field"] for error in json.loads(answer.text)["errors"]] == [field]
            assert count(database, OutsideEvent) == 0


def test_data_that_lies_too_deep_is_refused_in_a_sentence_however_deep(database: Database, send: Send) -> None:
    body = json.dumps(EVENT | {"data": {"a": "deep"}})
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        for depth in (20, 300, 600, 700, 800, 850, 900, 950, 990):
            answer = send(raw=body.replace('"deep"', opening * depth + "1" + closing * depth).encode())
            assert answer.status_code in (400, 422), depth
            assert problem_of(answer) == ("not-json" if answer.status_code == 400 else "data-too-deep")
    assert count(database, OutsideEvent) == 0
    assert send(raw=body.replace('"deep"', "[" * 19 + "1" + "]" * 19).encode()).status_code == 202


def test_a_number_too_large_for_any_database_is_refused_by_its_field(database: Database, send: Send) -> None:
    body = json.dumps(EVENT | {"data": {"minutes": [1, {"x": 0}]}})
    for number in ("1e400", "-1e400"):
        answer = send(raw=body.replace('"x": 0', f'"x": {number}').encode())
        assert (answer.status_code, problem_of(answer)) == (422, "field-invalid")
        assert [error["field"] for error in json.loads(answer.text)["errors"]] == ["data"]
    assert count(database, OutsideEvent) == 0


def test_bodies_of_another_kind(send: Send) -> None:
    for raw in (b"", b"[]", b"{", b"\xff", b'{"id": NaN}', b"[" * 5000):
        answer = send(raw=raw)
        assert (answer.status_code, problem_of(answer)) == (400, "not-json")
    assert problem_of(send(Content_Type="text/plain")) == "media-type-wrong"
    large = send(raw=json.dumps(EVENT | {"data": {"a": "x" * 17_000}}).encode())
    assert (large.status_code, problem_of(large)) == (413, "about:blank")


def test_who_brings_no_good_token_is_told_one_thing_and_slowed_down(database: Database, send: Send, token: str) -> None:
    for shown in ("", "Bearer", f"Basic {token}", "Bearer laurel_wrong", f"Bearer {token}x"):
        answer = send(Authorization=shown)
        assert (answer.status_code, problem_of(answer), answer.headers["WWW-Authenticate"]) == (401, "token-missing", "Bearer")
    with database.reading() as session:
        token_id = session.scalars(select(ApiToken.id)).one()
    database.write(lambda s: revoke_token(s, system("test"), token_id=token_id, now=utcnow()))
    assert problem_of(send()) == "token-missing"
    for _ in range(DENIALS.most - 6):
        send()
    slowed = send()
    assert (slowed.status_code, problem_of(slowed)) == (429, "too-many-tries")
    assert int(slowed.headers["Retry-After"]) > 0
    assert count(database, OutsideEvent) == 0


def test_a_token_of_another_scope_is_refused(database: Database, send: Send) -> None:
    def narrow(session: Any) -> None:
        session.scalars(select(ApiToken)).one().scopes = ["other"]

    database.write(narrow)
    assert (send().status_code, problem_of(send())) == (403, "scope-missing")


def test_a_session_opens_nothing_here_and_is_not_used(sign_in: Any, database: Database, token: str) -> None:
    browser = sign_in(database.write(make_admin))
    answer = browser.post(PATH, json=EVENT)
    assert (answer.status_code, problem_of(answer)) == (401, "token-missing")
    with database.reading() as session:
        seen = session.scalars(select(SignInSession.last_seen_at)).one()
    later = browser.post(PATH, json=EVENT, headers={"Authorization": f"Bearer {token}"})
    assert (later.status_code, "Set-Cookie" in later.headers) == (202, False)
    with database.reading() as session:
        assert session.scalars(select(SignInSession.last_seen_at)).one() == seen


def test_a_page_of_another_site_sends_nothing(send: Send) -> None:
    assert (send(Origin="https://evil.example").status_code, send(Sec_Fetch_Site="cross-site").status_code) == (403, 403)


def test_addresses_and_methods_that_do_not_exist_are_problems_too(app: Any) -> None:
    client = app.test_client()
    assert (client.get("/api/v1/nothing").status_code, problem_of(client.get("/api/v1/nothing"))) == (404, "about:blank")
    wrong = client.get(PATH)
    assert (wrong.status_code, problem_of(wrong), "POST" in wrong.headers["Allow"]) == (405, "about:blank", True)


def test_only_routes_marked_for_other_systems_need_no_form_token(app: Any) -> None:
    marked = {rule.endpoint for rule in app.url_map.iter_rules() if audience_of(app, rule.endpoint) == API}
    assert marked == {"api.receive_event", "api.receive_ask", "api.receive_outcome", "api.receive_deal"}
    assert csrf._exempt_views == set()
    assert {blueprint if isinstance(blueprint, str) else blueprint.name for blueprint in csrf._exempt_blueprints} == {"api"}
    assert {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")} == marked


def test_the_document_names_every_problem_there_is(app: Any) -> None:
    from portal.api import rules as api_rules
    from portal.kernel.errors import Refusal
    from portal.outside import rules as outside_rules
    from portal.people.rules import throttle
    from portal.web.problems import kind_of

    of_pages = {"TokenNameMissing", "ScopeNeeded", "TooManyTokens", "TokenShownOnce", "TokenUnknown", "EventDropped", "EventUsed", "EventUnknown"}
    rooms = {api_rules.__name__, outside_rules.__name__}
    told = [c for module in (api_rules, outside_rules) for c in vars(module).values() if isinstance(c, type) and issubclass(c, Refusal)]
    names = {kind_of(c()) for c in told if c.__module__ in rooms and c.__name__ not in of_pages}
    names |= {kind_of(throttle.TooManyTries()), "busy", "unreachable"}
    assert {name for name in names if f"| `{name}` |" not in DOCUMENT} == set()


def test_the_example_of_the_document_is_taken(database: Database, send: Send) -> None:
    example = DOCUMENT.split("--data '")[1].split("'")[0]
    assert send(raw=example.encode()).status_code == 202
