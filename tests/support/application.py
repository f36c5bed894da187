"""The application under test, and clients that are signed in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from config import Env, Settings
from portal.app import create_app
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.sessions import open_session
from portal.people.models import Person
from portal.people.queries.persons import get_person
from tests.factories.people import CHEAP
from tests.support.compiled import remember_templates
from tests.support.databases import borrow_connections

SignIn = Callable[..., "PortalClient"]


class PortalClient(FlaskClient):
    """A browser that sends the token of its forms. ``csrf=False`` leaves it out; ``token`` is the session a client was signed in with."""

    token: str | None = None

    def open(self, *args: Any, csrf: bool = True, **kwargs: Any) -> TestResponse:
        if csrf and kwargs.get("method", "GET") not in ("GET", "HEAD", "OPTIONS"):
            headers = dict(kwargs.pop("headers", None) or {})
            kwargs["headers"] = {"X-CSRFToken": self.csrf_token()} | headers
        return super().open(*args, **kwargs)

    def csrf_token(self) -> str:
        """Return the token that a form on a page would carry."""
        with self.session_transaction() as cookie:
            known = cookie.setdefault("csrf_token", "f" * 40)
        return URLSafeTimedSerializer(self.application.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(known)


SECRET = "t" * 20 + "0123456789abcdef"
VAULT_KEY = "A" * 43 + "="


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Settings of a test installation: its own folder, mail into files."""
    return Settings(
        _env_file=None, env=Env.TEST, data=tmp_path, database_url=database.url, secret_key=SECRET, vault_keys=VAULT_KEY, log_level="ERROR"
    )


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    """The application on the test's database. CSRF is checked as in real life; the clients send the token as a page would."""
    made = create_app(settings)
    made.test_client_class = PortalClient
    made.extensions["hasher"] = CHEAP
    remember_templates(made)
    borrow_connections(made.extensions["database"], database)
    return made


@pytest.fixture
def client(app: Flask) -> PortalClient:
    """A visitor who is not signed in."""
    found = app.test_client()
    assert isinstance(found, PortalClient)
    return found


@pytest.fixture
def sign_in(app: Flask, database: Database) -> SignIn:
    """Return a function that gives a client signed in as a person (or their id): ``sign_in(person).post("/…", data={…})``."""

    def signed_in(person: Person | int, *, is_kept: bool = False) -> PortalClient:
        person_id = person if isinstance(person, int) else person.id
        token = database.write(lambda s: open_session(s, get_person(s, person_id), is_kept=is_kept, origin="127.0.0.1", browser="Test", now=utcnow()))
        client = app.test_client()
        assert isinstance(client, PortalClient)
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
        client.token = token
        return client

    return signed_in
