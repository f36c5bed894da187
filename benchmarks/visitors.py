"""Signed-in browsers: sessions opened by the portal's own action, cookies and tokens signed as its pages sign them."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.sessions import open_session
from portal.people.queries.persons import get_person

SECRET_OF_FORMS = "f" * 40


@dataclass(frozen=True)
class Visitor:
    """One browser of one person: the cookie it sends, and the token that its forms carry."""

    person_id: int
    cookie: str
    token: str


def sign_in(app: Flask, database: Database, person_ids: Iterable[int]) -> list[Visitor]:
    """Open a session for each person, without the password, which is slow on purpose."""

    def open_all(session: Session) -> list[tuple[int, str]]:
        opened, now = [], utcnow()
        for person_id in person_ids:
            person = get_person(session, person_id)
            opened.append((person_id, open_session(session, person, is_kept=True, origin="127.0.0.1", browser="Benchmark", now=now)))
        return opened

    return [Visitor(person_id, *_signed(app, {"_user_id": opened})) for person_id, opened in database.write(open_all)]


def stranger(app: Flask) -> Visitor:
    """Return the browser of somebody who is not signed in, and was shown a form."""
    return Visitor(0, *_signed(app, {}))


def _signed(app: Flask, kept: dict[str, str]) -> tuple[str, str]:
    """Return the cookie with what a session keeps, and the token of its forms."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    token = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(SECRET_OF_FORMS)
    return f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps(kept | {'csrf_token': SECRET_OF_FORMS})}", token
