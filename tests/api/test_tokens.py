"""Tokens: shown once, kept as a hash, revoked, noted when used."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.api.actions import admit_request, make_token, revoke_token
from portal.api.models import ApiToken
from portal.api.queries import find_token
from portal.api.rules import MOST_TOKENS, REQUESTS, TokenNameMissing, TokenShownOnce, TooManyTokens, is_noted
from portal.audit.models import AuditEvent
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.kernel.ids import new_key
from portal.people.rules.throttle import TooManyTries
from tests.factories.challenges import as_admin, as_advocate
from tests.factories.people import make_admin, make_person

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = re.compile(r"laurel_[A-Za-z0-9_-]{43}")


def test_only_the_hash_of_a_token_is_kept(session: Session) -> None:
    admin = make_admin(session)
    made, token = make_token(session, as_admin(admin), name=" Webinar tool ", key="k1", now=NOW)
    assert TOKEN.fullmatch(token)
    assert (made.name, made.scopes, made.made_by_id) == ("Webinar tool", ["events"], admin.id)
    secret = token.removeprefix(made.beginning)
    stored = repr([session.get_one(ApiToken, made.id).__dict__, *session.scalars(select(AuditEvent.data))])
    assert secret not in stored
    found = find_token(session, token)
    assert found is not None
    assert found.id == made.id
    assert find_token(session, token[:-1]) is None


def test_what_is_refused_about_tokens(session: Session) -> None:
    admin = as_admin(make_admin(session))
    with pytest.raises(NotAllowed):
        make_token(session, as_advocate(make_person(session)), name="Mine", key="k", now=NOW)
    with pytest.raises(TokenNameMissing):
        make_token(session, admin, name=" ", key="k", now=NOW)
    make_token(session, admin, name="One", key="k", now=NOW)
    with pytest.raises(TokenShownOnce):
        make_token(session, admin, name="One", key="k", now=NOW)
    for number in range(MOST_TOKENS - 1):
        make_token(session, admin, name=f"{number}", key=new_key(), now=NOW)
    with pytest.raises(TooManyTokens):
        make_token(session, admin, name="One too many", key=new_key(), now=NOW)


def test_a_revoked_token_is_good_for_nothing_and_says_so_once(session: Session) -> None:
    admin = as_admin(make_admin(session))
    made, token = make_token(session, admin, name="One", key="k", now=NOW)
    for _ in range(2):
        revoke_token(session, admin, token_id=made.id, now=NOW)
    assert find_token(session, token) is None
    names = session.scalars(select(AuditEvent.name).where(AuditEvent.subject_type == "token")).all()
    assert names == ["token.made", "token.revoked"]


def test_requests_are_counted_and_the_last_use_is_noted_once_a_minute(session: Session) -> None:
    made, _ = make_token(session, system("test"), name="One", key="k", now=NOW)
    for number in range(REQUESTS.most):
        admit_request(session, made, now=NOW + timedelta(milliseconds=number))
    with pytest.raises(TooManyTries):
        admit_request(session, made, now=NOW + timedelta(seconds=1))
    admit_request(session, made, now=NOW + timedelta(seconds=61))
    session.refresh(made)
    assert made.last_used_at == NOW + timedelta(seconds=61)


@pytest.mark.parametrize(("ago", "is_done"), [(None, False), (0, True), (59, True), (60, False)])
def test_when_a_use_is_noted_again(ago: int | None, is_done: bool) -> None:
    assert is_noted(NOW - timedelta(seconds=ago) if ago is not None else None, NOW) is is_done


def test_the_page_shows_a_token_once_and_never_again(sign_in: Any, database: Database) -> None:
    browser = sign_in(database.write(make_admin))
    assert "Choose what the system may do." in browser.post("/admin/api-tokens", data={"name": "Survey tool", "key": "key-0"}).text
    data = {"name": "Webinar tool", "key": "key-1", "scopes": ["events"]}
    made = browser.post("/admin/api-tokens", data=data)
    assert made.status_code == 200
    shown = TOKEN.search(made.text)
    assert shown
    assert made.headers["Cache-Control"] == "no-store"
    again = browser.post("/admin/api-tokens", data=data)
    assert (again.status_code, TOKEN.search(again.text), "shown only once" in again.text) == (409, None, True)
    page = browser.get("/admin/api-tokens")
    assert (TOKEN.search(page.text), shown.group()[:12] in page.text, "never used" in page.text) == (None, True, True)
    with database.reading() as session:
        token_id = session.scalars(select(ApiToken.id)).one()
    assert browser.post(f"/admin/api-tokens/{token_id}/revoke").status_code == 303
    assert "Revoked" in browser.get("/admin/api-tokens").text
    assert sign_in(database.write(make_person)).get("/admin/api-tokens").status_code == 403
