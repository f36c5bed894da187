"""Signing in and out."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from config import Settings
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.actions.sessions import end_session
from portal.people.actions.sign_in import count_sign_in, finish_sign_in
from portal.people.forms import SignInForm
from portal.people.identity import COOKIE_FIELD, hasher
from portal.people.models import Person
from portal.people.queries.persons import has_admin, own_words
from portal.people.rules.password import NewPassword, Policy
from portal.people.rules.session import SignInWrong
from portal.web.errors import headers_of
from portal.web.guards import current_actor, member, public
from portal.web.logs import log
from portal.web.redirects import own_path
from portal.web.templating import render
from portal.web.transaction import database, db, let_go, writes, writes_in_steps

bp = Blueprint("people", __name__)
Answer = tuple[str, int, dict[str, str]]


def settings() -> Settings:
    """Return the settings of this installation."""
    found: Settings = current_app.config["SETTINGS"]
    return found


def policy() -> Policy:
    """Return what this installation asks of a password."""
    given = settings()
    return Policy(given.password_min_length, (given.brand_name, given.brand_company))


def accept_password(person: Person, password: str) -> NewPassword:
    """Find a password that was chosen good for its person and hash it, before the unit of work that keeps it: hashing takes its time on purpose."""
    asked, own = policy(), own_words(db(), person)
    let_go()
    return hasher().accept(password, asked, own)


def into_cookie(token: str, *, is_kept: bool) -> None:
    """Begin the browser's session anew around ``token``: nothing from before signing in is carried over."""
    session.clear()
    session[COOKIE_FIELD] = token
    session.permanent = is_kept


def browser() -> str:
    """Return what the browser calls itself, for the list of sessions."""
    return request.user_agent.string


def _front(form: SignInForm) -> str:
    figures = current_app.extensions.get("front_figures")
    return render("people/sign_in.html", form=form, is_empty=not has_admin(db()), figures=figures(db()) if figures else [])


@bp.get("/sign-in")
@public
def sign_in() -> Any:
    """The front page of somebody who is not signed in. Without any admin it says how to make one."""
    if current_user.is_authenticated:
        return redirect(own_path(request.args.get("next")) or "/", 303)
    return _front(SignInForm(next=own_path(request.args.get("next")) or ""))


def _sign_in_again(refusal: Refusal) -> Answer:
    form = SignInForm()
    form.refuse(refusal)
    return _front(form), refusal.status, headers_of(refusal)


@bp.post("/sign-in")
@public
@writes_in_steps(again=_sign_in_again)
def let_in() -> Any:
    """Sign in: count the try, verify one hash, open the session."""
    form = SignInForm()
    if not form.validate():
        return _front(form), 422
    actor, now, checked = current_actor(), utcnow(), hasher()
    password = form.password.data or ""
    candidate = database().write(lambda s: count_sign_in(s, email=form.email.data or "", origin=actor.origin, now=now))
    if not checked.verify(candidate.password_hash, password):
        log.warning("sign-in refused", person_id=candidate.person_id, origin=actor.origin)
        raise SignInWrong()
    stronger = checked.hash(password) if checked.is_weaker(candidate.password_hash or "") else None
    allow_demo = not settings().is_production
    facts: dict[str, Any] = {"candidate": candidate, "is_kept": form.is_kept.data, "browser": browser(), "new_hash": stronger}
    into_cookie(database().write(lambda s: finish_sign_in(s, actor, allow_demo=allow_demo, now=now, **facts)), is_kept=form.is_kept.data)
    return redirect(own_path(form.next.data) or "/", 303)


@bp.post("/sign-out")
@member
@writes
def sign_out() -> Response:
    """End this session; the cookie is worth nothing from here on."""
    end_session(db(), current_actor(), session_id=current_user.session_id, now=utcnow())
    session.clear()
    flash(_("You are signed out."), "good")
    return redirect(url_for(".sign_in"), 303)
