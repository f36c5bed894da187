"""Who is asking: Flask-Login over our session rows. The cookie holds a token, the row decides."""

from typing import Any

from flask import Flask, current_app, request, session
from flask_login import LoginManager, current_user

from config import Settings
from portal.kernel.clock import utcnow
from portal.kernel.errors import Busy
from portal.people.actions.sessions import touch_session
from portal.people.actions.throttles import count_try, forget_tries
from portal.people.queries.persons import get_person
from portal.people.queries.sessions import Viewer, find_viewer
from portal.people.rules.password import Hasher, PasswordWrong
from portal.people.rules.session import LIFE, is_seen_stale
from portal.people.rules.throttle import PASSWORD_CHECK
from portal.web.transaction import database, db

# What is the same for everybody, and what other systems are answered by their token, is answered without asking who is there.
NOBODYS = {"health", "appearance", "api"}
COOKIE_FIELD = "_user_id"  # Flask-Login’s name for what ``Viewer.get_id`` returns


def hasher() -> Hasher:
    """Return what keeps and verifies passwords in this application."""
    found: Hasher = current_app.extensions["hasher"]
    return found


def require_own_password(password: str) -> None:
    """Refuse who does not know the password of this account: a found open browser must not be enough. Counted, like signing in.

    Everybody who can sign in has a password (a CHECK of ``person`` says so). Called in ``@writes_in_steps``, since verifying takes its time.
    Refuses: PasswordWrong, TooManyTries, TooSoon.
    """
    now, viewer = utcnow(), current_user
    subject = str(viewer.id)

    def count(s: Any) -> str | None:
        count_try(s, PASSWORD_CHECK, subject, now)
        return get_person(s, viewer.id).password_hash

    if not hasher().verify(database().write(count), password):
        raise PasswordWrong()
    database().write(lambda s: forget_tries(s, PASSWORD_CHECK, subject))


def _load(token: str) -> Viewer | None:
    settings: Settings = current_app.config["SETTINGS"]
    return find_viewer(db(), token, allow_demo=not settings.is_production, now=utcnow())


def _note_use() -> None:
    """Keep an idle session from ending while it is used. Before the view, since on SQLite there is one writer at a time."""
    if COOKIE_FIELD not in session or request.endpoint in (None, "static") or request.blueprint in NOBODYS or not current_user.is_authenticated:
        return
    now, viewer = utcnow(), current_user
    if is_seen_stale(viewer.last_seen_at, now):
        try:
            used = {"person_id": viewer.id, "origin": request.remote_addr or "", "browser": request.user_agent.string}
            database().write(lambda s: touch_session(s, session_id=viewer.session_id, now=now, **used))
        except Busy:
            return


def init(app: Flask) -> None:
    """Load the signed-in person from the session row, once a request."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(_load)
    app.config.update(PERMANENT_SESSION_LIFETIME=LIFE, SESSION_REFRESH_EACH_REQUEST=False)
    app.extensions.setdefault("hasher", Hasher())
    app.before_request(_note_use)
