"""What a request must bring: the token, its own origin, a known host; and where a sign-in may lead."""

import pytest
from sqlalchemy import select

from config import Env, Settings
from portal.app import create_app
from portal.kernel.clock import utcnow
from portal.notifications.mails import Mailer
from portal.notifications.models import OutboxJob
from portal.notifications.rules import MAIL_TOPIC
from portal.notifications.senders import FolderSender
from portal.people.actions.passwords import RESET_TOPIC
from portal.people.jobs import run_reset
from portal.web.guards import API, audience_of
from portal.web.redirects import own_path
from tests.factories.people import CHEAP, PASSWORD, make_admin, make_person
from tests.support.routes import UNSAFE, routes

HTTPS = "https://portal.example"

ELSEWHERE = [
    "https://evil.example/",
    "http://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/%5cevil.example",
    "/%2f%2fevil.example",
    "/%2fevil.example",
    "/.evil.example",
    "/..//evil.example",
    "/sign-in/..//evil.example",
    "/;@evil.example",
    "@evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "profile",
    "?next=x",
    "#x",
    "/nowhere",
    "/profile/password",
    "/static/assets/x.js",
    "/profile\r\nSet-Cookie: a=b",
    "",
]


def changing_routes(app) -> list[tuple[str, str]]:
    """Every route of the pages that changes things, with a path that matches it. Other systems are let in by token alone: ``tests/api``."""
    return [(method, path) for endpoint, method, path in routes(app, UNSAFE) if audience_of(app, endpoint) != API]


BY_ITS_HEADERS = "a request is refused by what it brings, before its page asks the database"


@pytest.mark.only_on("sqlite", reason=BY_ITS_HEADERS)
def test_nothing_is_changed_without_the_token(app, sign_in, database) -> None:
    browser = sign_in(database.write(lambda s: make_admin(s, roles={"advocate", "employee", "admin"})))
    routes = changing_routes(app)
    assert len(routes) > 10
    for method, path in routes:
        answer = browser.open(path, method=method, csrf=False)
        assert answer.status_code == 400, path
        forged = browser.open(path, method=method, csrf=False, headers={"X-CSRFToken": "forged"})
        assert forged.status_code == 400, path


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
]


@pytest.mark.only_on("sqlite", reason=BY_ITS_HEADERS)
def test_another_site_is_refused_even_with_the_token(app, sign_in, database) -> None:
    browser = sign_in(database.write(lambda s: make_admin(s, roles={"advocate", "employee", "admin"})))
    for method, path in changing_routes(app):
        found = [browser.open(path, method=method, headers=headers).status_code for headers in FOREIGN]
        assert found == [403] * len(FOREIGN), path


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}])
def test_the_portals_own_pages_are_let_through(sign_in, database, headers) -> None:
    assert sign_in(database.write(make_person)).post("/sign-out", headers=headers).status_code == 303


def choose_theme_over_https(database, tmp_path, **headers):
    settings = Settings(_env_file=None, env=Env.TEST, data=tmp_path, database_url=database.url, base_url=HTTPS, secret_key="0123456789abcdef" * 3)
    app = create_app(settings)
    client = app.test_client()
    token = client.get("/sign-in", base_url=HTTPS).text.partition('name="csrf-token" content="')[2].partition('"')[0]
    answer = client.post("/theme", data={"theme": "dark", "csrf_token": token}, base_url=HTTPS, headers={"Referer": f"{HTTPS}/"} | headers)
    app.extensions["database"].dispose()
    return answer


@pytest.mark.parametrize(("origin", "status"), [(HTTPS, 303), ("http://portal.example", 403), ("https://portal.example:444", 403)])
def test_over_https_a_page_over_http_is_another_site(database, tmp_path, origin, status) -> None:
    assert choose_theme_over_https(database, tmp_path, Origin=origin).status_code == status


def test_the_health_check_of_a_container_is_answered_and_a_strangers_host_is_not(database, tmp_path) -> None:
    settings = Settings(_env_file=None, env=Env.TEST, data=tmp_path, database_url=database.url, base_url=HTTPS, secret_key="0123456789abcdef" * 3)
    app = create_app(settings)
    assert app.test_client().get("/healthz", base_url="http://127.0.0.1:8000").status_code == 200
    assert app.test_client().get("/healthz", base_url="http://evil.example").status_code == 400
    app.extensions["database"].dispose()


def test_every_cookie_over_https_belongs_to_this_host_alone(database, tmp_path) -> None:
    cookies = choose_theme_over_https(database, tmp_path).headers.getlist("Set-Cookie")
    assert any(cookie.startswith("__Host-theme=dark") for cookie in cookies)
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


def test_a_sign_in_leads_nowhere_else(app, client, database) -> None:
    person = database.write(make_person)
    for asked in ELSEWHERE:
        answer = client.post("/sign-in", data={"email": person.email, "password": PASSWORD, "next": asked})
        assert (answer.status_code, answer.location) == (303, "/"), asked
        with app.test_request_context():
            assert own_path(asked) is None, asked


def test_a_sign_in_leads_to_a_page_of_our_own_rebuilt(app) -> None:
    with app.test_request_context():
        assert own_path("/profile") == "/profile"
        assert own_path("/admin/people?q=a%26b&after=#x") == "/admin/people?q=a%26b&after="
        assert own_path("/admin/people/7") == "/admin/people/7"


def test_links_in_mail_never_follow_the_request(app, client, database, settings) -> None:
    person = database.write(make_person)
    assert client.post("/forgotten", data={"email": person.email}, base_url="http://evil.example").status_code == 400
    answer = client.post("/forgotten", data={"email": person.email}, headers={"X-Forwarded-Host": "evil.example"})
    assert answer.location == "/forgotten/sent"
    with database.reading() as session:
        asked = session.scalars(select(OutboxJob).where(OutboxJob.topic == RESET_TOPIC)).one()
    run_reset(database, asked.payload, utcnow())
    with database.reading() as session:
        mail = session.scalars(select(OutboxJob).where(OutboxJob.topic == MAIL_TOPIC)).one()
    message = Mailer(app, settings, sender=FolderSender(settings.data / "mail")).compose({**mail.payload, "outbox_id": mail.id}, utcnow())
    text = message.get_body(("plain",)).get_content()
    assert f"{settings.base_url}/reset?t=" in text
    assert "evil" not in message.as_string()


def cookies(database, tmp_path, base_url: str) -> tuple[str, dict[str, str]]:
    settings = Settings(_env_file=None, env=Env.TEST, data=tmp_path, database_url=database.url, base_url=base_url, secret_key="0123456789abcdef" * 3)
    app = create_app(settings)
    app.extensions["hasher"] = CHEAP
    person = database.write(make_person)
    client = app.test_client()
    page = client.get("/sign-in", base_url=base_url)
    database.write(make_admin)
    page = client.get("/sign-in", base_url=base_url)
    token = page.text.partition('name="csrf-token" content="')[2].partition('"')[0]
    data = {"email": person.email, "password": PASSWORD, "csrf_token": token}
    answer = client.post("/sign-in", data=data, base_url=base_url)
    app.extensions["database"].dispose()
    assert answer.status_code == 303
    return answer.headers["Set-Cookie"], dict(answer.headers)


def test_the_cookie_over_https_belongs_to_this_host_alone(database, tmp_path) -> None:
    cookie, headers = cookies(database, tmp_path, "https://portal.example")
    assert cookie.startswith("__Host-")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie
    assert "Domain=" not in cookie
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_the_cookie_over_http_on_this_machine_is_plain_but_closed(database, tmp_path) -> None:
    cookie, headers = cookies(database, tmp_path, "http://127.0.0.1:8000")
    assert not cookie.startswith("__")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert "Strict-Transport-Security" not in headers
