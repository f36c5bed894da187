"""What goes wrong is said in friendly words, signed in or not."""

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from portal.kernel.db import Database
from portal.kernel.errors import Conflict
from portal.people.actions.sessions import end_sessions
from portal.web.errors import PAGES
from portal.web.guards import public
from portal.web.transaction import db, writes
from tests.factories.people import make_admin, make_person
from tests.support.application import PortalClient, SignIn


@pytest.fixture
def failing(app: Flask) -> Flask:
    """The portal with pages that fail in every way."""

    @app.get("/fail/<int:status>")
    @public
    def fail(status: int) -> str:
        abort(status)

    @app.get("/fail/bug")
    @public
    def bug() -> str:
        raise RuntimeError("boom")

    @app.get("/fail/late")
    @public
    def late() -> str:
        raise Conflict()

    @app.post("/fail/form")
    @public
    @writes
    def form() -> str:
        return str(db().connection().closed)

    return app


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503])
def test_a_visitor_reads_a_friendly_page(failing: Flask, status: int) -> None:
    answer = failing.test_client().get(f"/fail/{status}")
    assert answer.status_code == status
    assert PAGES[status][0] in answer.text
    assert answer.text.count("<h1") == 1
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("referer", [{"Referer": "http://localhost/profile"}, {}])
def test_a_file_that_is_too_large_is_told_the_limit_and_the_way_back(
    database: Database, sign_in: SignIn, app: Flask, referer: dict[str, str]
) -> None:
    client = sign_in(database.write(make_person))
    much = {"CONTENT_LENGTH": str(app.config["MAX_CONTENT_LENGTH"] + 1)}
    answer = client.post("/profile/board", csrf=False, content_type="multipart/form-data", headers=referer, environ_overrides=much)
    assert answer.status_code == 413
    assert f"at most {app.config['SETTINGS'].upload_limit_mb} MB" in answer.text
    assert 'class="btn btn-primary" href="/profile">' in answer.text


def test_a_file_field_names_its_limit_before_anything_is_sent(database: Database, sign_in: SignIn, app: Flask) -> None:
    page = sign_in(database.write(make_admin)).get("/admin/rewards/new").text
    limit = app.config["SETTINGS"].upload_limit_mb
    assert f'data-limit="{limit}"' in page
    assert f"At most {limit} MB." in page
    assert page.count(f"This file is larger than {limit} MB.") == page.count('role="alert" hidden') == 1


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/admin/people/31/roles", "/admin/people/31"),
        ("/admin/challenges/29/steps/56/remove", "/admin/challenges/29/steps/56"),
        ("/admin/approvals/attempt/4/approve", "/admin/approvals"),
        ("/challenges/submissions/7/steps/39/send", "/challenges/submissions/7/steps/39"),
        ("/nowhere/7/send", None),
    ],
)
def test_the_address_of_a_button_leads_to_the_page_it_belongs_to(client: PortalClient, address: str, page: str | None) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.location) == ((303, page) if page else (404, None))
    assert client.get("/sign-out").status_code == 405
    assert client.put(address).status_code in (404, 405)


def test_a_bug_names_no_internals(failing: Flask) -> None:
    answer = failing.test_client().get("/fail/bug")
    assert answer.status_code == 500
    assert "boom" not in answer.text
    assert PAGES[500][1] in answer.text


def test_the_page_shows_the_number_under_which_it_was_logged(failing: Flask) -> None:
    answer = failing.test_client().get("/fail/404", headers={"X-Request-ID": "seen-1234"})
    assert "seen-1234" in answer.text
    assert answer.headers["X-Request-ID"] == "seen-1234"


def test_a_refusal_is_a_sentence_with_its_status(failing: Flask) -> None:
    answer = failing.test_client().get("/fail/late")
    assert answer.status_code == 409
    assert Conflict.message in answer.text


def test_a_fragment_is_answered_by_a_short_notice(failing: Flask) -> None:
    answer = failing.test_client().get("/fail/late", headers={"HX-Request": "true"})
    assert answer.headers["HX-Retarget"] == "#flashes"
    assert "<html" not in answer.text
    assert Conflict.message in answer.text


def test_a_form_without_its_token_is_refused_in_words(failing: Flask) -> None:
    answer = FlaskClient(failing, failing.response_class).post("/fail/form")
    assert answer.status_code == 400
    assert "open for too long" in answer.text


def test_a_database_that_is_gone_still_gives_a_page(failing: Flask) -> None:
    def broken() -> None:
        raise RuntimeError("no database")

    failing.jinja_env.globals["theme_attribute"] = broken
    answer = failing.test_client().get("/fail/500")
    assert answer.status_code == 500
    assert PAGES[500][0] in answer.text


def test_too_many_tries_say_when_to_come_back(failing: Flask) -> None:
    assert failing.test_client().get("/fail/503").headers["Retry-After"] == "5"


def test_who_signed_out_in_another_window_reads_so_finds_the_text_and_comes_back(client: PortalClient) -> None:
    sent = {"csrf": False, "data": {"answer": "Two <b>words</b>", "key": "two words", "password": "pass phrase", "csrf_token": "stale"}}
    answer = client.post("/challenges/submissions/1/steps/2/send", **sent, headers={"Referer": "http://localhost/challenges/13?step=2"})
    assert answer.status_code == 401
    assert "You are signed out" in answer.text
    assert 'href="/sign-in?next=/challenges/13?step%3D2"' in answer.text
    assert "Two &lt;b&gt;words&lt;/b&gt;</textarea>" in answer.text
    assert "two words" not in answer.text
    assert "pass phrase" not in answer.text


@pytest.mark.parametrize(
    "referer",
    [
        "http://evil.example/challenges/13",
        "http://localhost.evil.example/challenges",
        "http://localhost//evil.example",
        "http://localhost/nowhere",
        "",
    ],
)
def test_who_signed_out_is_led_back_to_no_strange_page(client: PortalClient, referer: str) -> None:
    answer = client.post("/challenges/submissions/1/steps/2/send", csrf=False, headers={"Referer": referer})
    assert 'href="/sign-in"' in answer.text
    assert "next=" not in answer.text


def test_saving_by_itself_says_in_one_sentence_that_one_is_signed_out(client: PortalClient) -> None:
    headers = {"HX-Request": "true", "Referer": "http://localhost/challenges/13"}
    answer = client.post("/challenges/submissions/1/steps/2/keep", csrf=False, data={"answer": "Two words"}, headers=headers)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (401, "#flashes")
    assert "You are signed out, so nothing was saved." in answer.text
    assert 'href="/sign-in?next=/challenges/13" target="_blank"' in answer.text


@pytest.mark.parametrize(
    ("way", "address", "by_field"),
    [("POST", "/challenges/submissions/1/steps/2/keep", {}), ("GET", "/nominate?company=Two", {"HX-Trigger-Name": "company"})],
)
def test_a_session_that_was_ended_elsewhere_leaves_the_page_with_what_is_typed_on_it(
    database: Database, sign_in: SignIn, way: str, address: str, by_field: dict[str, str]
) -> None:
    """The form's token is still good, so only the guard knows: it answers beside the page, never with another page in its place."""
    person_id = database.write(lambda s: make_person(s).id)
    client = sign_in(person_id)
    database.write(lambda s: end_sessions(s, person_id))
    headers = {"HX-Request": "true", "Referer": "http://localhost/challenges/13", **by_field}
    answer = client.open(address, method=way, headers=headers)
    assert (answer.status_code, answer.headers["HX-Retarget"], answer.headers.get("HX-Redirect")) == (401, "#flashes", None)
    assert "You are signed out, so nothing was saved." in answer.text
    assert 'href="/sign-in?next=/challenges/13" target="_blank"' in answer.text


def test_a_form_sent_after_the_session_ended_elsewhere_gives_the_text_back_and_leads_to_the_page(database: Database, sign_in: SignIn) -> None:
    person_id = database.write(lambda s: make_person(s).id)
    client = sign_in(person_id)
    database.write(lambda s: end_sessions(s, person_id))
    answer = client.post("/profile", data={"about": "Two words"}, headers={"Referer": "http://localhost/profile"})
    assert answer.status_code == 401
    assert "You are signed out, so nothing was saved." in answer.text
    assert 'href="/sign-in?next=/profile"' in answer.text
    assert "Two words</textarea>" in answer.text


def test_a_link_followed_by_script_leads_to_signing_in_and_back_to_its_page(client: PortalClient) -> None:
    headers = {"HX-Request": "true", "Referer": "http://localhost/challenges?state=open"}
    answer = client.get("/challenges?state=waiting", headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in?next=/challenges?state%3Dopen")


def test_a_stale_form_of_somebody_signed_in_shows_the_text_and_leads_back(database: Database, sign_in: SignIn) -> None:
    sent = {"csrf": False, "data": {"answer": "Two words"}, "headers": {"Referer": "http://localhost/challenges/13"}}
    answer = sign_in(database.write(make_person)).post("/challenges/submissions/1/steps/2/send", **sent)
    assert answer.status_code == 400
    assert "open for too long" in answer.text
    assert "Two words</textarea>" in answer.text
    assert 'href="/challenges/13"' in answer.text
