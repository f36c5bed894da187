"""Every route, found in ``url_map``: who may open it, and that looking changes nothing."""

import hashlib
from collections.abc import Collection

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.kernel.db import Database
from portal.people.models import SignInSession
from portal.rewards.rules.tickets import number_of
from portal.tables import metadata
from portal.web.guards import API, MEMBER, PUBLIC, ROLES, STAFF, audience_of
from tests.factories.people import make_admin, make_employee, make_person
from tests.factories.story import Story
from tests.support.application import SECRET
from tests.support.routes import UNSAFE, routes

SAFE = frozenset({"GET", "HEAD"})
WAYS: tuple[tuple[str, dict[str, str]], ...] = (("", {}), ("?format=csv&q=a", {}), ("", {"HX-Request": "true"}))
# What changes because somebody looks: when their session was last used, after a minute from where, and which contact details an admin saw.
UNCOUNTED = {("sign_in_session", "last_seen_at")}
MARKS = {"sign_in_mark", "contact_view"}


def known(story: Story) -> dict[str, object]:
    """Ids of the story by the name that routes give them."""
    return {
        "person_id": story.advocate,
        "company_id": story.company,
        "challenge_id": story.challenge,
        "submission_id": story.submission,
        "attempt_id": story.waiting_attempt,
        "reward_id": story.reward,
        "redemption_id": story.redemption,
        "ticket_number": number_of(story.ticket, SECRET),
        "card_id": story.card,
        "code_batch_id": story.code_batch,
        "nomination_id": story.nomination,
        "request_id": story.request,
        "candidate_id": story.candidate,
        "badge_id": story.badge,
        "holding_id": story.holding,
        "season_id": story.season,
        "consent_id": story.consent,
        "file_id": story.file,
    }


def content(database: Database, *, without: Collection[str] = ()) -> dict[str, str]:
    """Return a hash of every table; ``without`` those that are written by whoever asks, such as the one that counts tries."""
    found = {}
    with database.reading() as session:
        for table in (table for table in metadata.sorted_tables if table.name not in without):
            columns = [column for column in table.columns if (table.name, column.name) not in UNCOUNTED]
            rows = sorted(repr(tuple(row)) for row in session.execute(select(*columns)))
            found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def browsers(sign_in, database: Database, app: Flask) -> dict[str, object]:
    """A client for each role, and one for a visitor."""
    people = {"advocate": make_person, "employee": make_employee, "admin": make_admin}
    return {"visitor": app.test_client(), **{role: sign_in(database.write(make)) for role, make in people.items()}}


def test_looking_changes_nothing(app, sign_in, database, story) -> None:
    """Every GET and HEAD, as everybody; a one-time link opened by a mail scanner stays good.

    On SQLite, where a page that wants to write would find nobody to stop it but ``query_only``, GET by htmx and as CSV too where the door is open.
    """
    ways = WAYS if database.is_sqlite else WAYS[:1]
    everybody = browsers(sign_in, database, app) | {"own": sign_in(story.advocate), "nominator": sign_in(story.employee)}
    before = content(database, without=MARKS)
    visited = 0
    for endpoint, method, path in routes(app, SAFE, known(story)):
        if endpoint in ("static", "people.sign_out"):
            continue
        for role, browser in everybody.items():
            for query, headers in ways if method == "GET" else ways[:1]:
                answer = browser.open(path + query, method=method, headers=headers, buffered=True)
                # Without a worker mails wait, which readyz says truthfully.
                assert answer.status_code < 500 or endpoint == "health.readyz", f"{role} {method} {path}{query}"
                visited += 1
                if outcome(answer) == "forbidden":  # By who they are, which no way of asking changes.
                    break
    assert visited > 300
    assert content(database, without=MARKS) == before


def expected(audience: str, role: str) -> str:
    if audience == PUBLIC:
        return "open"
    if audience == API:
        return "no token"
    if role == "visitor":
        return "sign in"
    return "open" if role in ROLES[audience] else "forbidden"


def outcome(answer: TestResponse) -> str:
    if answer.status_code == 403:
        return "forbidden"
    if answer.status_code == 303 and answer.location.startswith("/sign-in"):
        return "sign in"
    if answer.status_code == 401 and 'href="/sign-in' in answer.text:
        return "sign in"
    return "no token" if answer.status_code in (401, 429) and answer.mimetype == "application/problem+json" else "open"


def test_each_route_opens_to_whom_it_is_marked_for(app, sign_in, database, story) -> None:
    everybody = browsers(sign_in, database, app)
    for endpoint, method, path in routes(app, frozenset({"GET"}), known(story)):
        audience = audience_of(app, endpoint)
        assert audience is not None, endpoint
        if endpoint in ("static", "people.sign_in"):
            continue
        for role, browser in everybody.items():
            found = outcome(browser.open(path, method=method, buffered=True))
            wanted = expected(audience, role)
            # An open page may still send visitors to sign in (the front page), or not be for this member (another's file, a customer whom
            # somebody else looks after); never the other way round.
            narrower = {PUBLIC: "sign in", MEMBER: "forbidden", STAFF: "forbidden"}.get(audience) if wanted == "open" else None
            assert found in (wanted, narrower), f"{role} {path}: {found}"


def test_no_role_changes_what_is_not_its_own(app, sign_in, database, story) -> None:
    """Each changing route, sent empty by each role that it is not marked for: refused, and nothing is different."""
    everybody = browsers(sign_in, database, app)
    before = content(database, without={"throttle"})
    sent = 0
    for endpoint, method, path in routes(app, UNSAFE, known(story)):
        audience = audience_of(app, endpoint)
        for role, browser in everybody.items():
            wanted = expected(audience, role)
            if wanted == "open":
                continue
            assert outcome(browser.open(path, method=method, data={})) == wanted, f"{role} {path}"
            sent += 1
    assert sent > 50
    assert content(database, without={"throttle"}) == before


def test_htmx_is_sent_to_the_sign_in_page_as_a_whole(client) -> None:
    answer = client.get("/profile", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in"


def test_a_session_notes_its_use_and_nothing_else_does(sign_in, database) -> None:
    browser = sign_in(database.write(make_person))
    with database.reading() as session:
        before = session.scalars(select(SignInSession.last_seen_at)).one()
    browser.get("/profile")
    with database.reading() as session:
        assert session.scalars(select(SignInSession.last_seen_at)).one() == before
