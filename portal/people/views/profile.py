"""Everybody's own profile: who I am here, my password, where I am signed in."""

from typing import Any

from flask import flash, redirect, session, url_for
from flask_babel import get_babel
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.kernel.actor import ADMIN, ADVOCATE
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.actions.boards import choose_board
from portal.people.actions.interests import set_interests
from portal.people.actions.passwords import change_password
from portal.people.actions.profile import ask_email_change, edit_profile
from portal.people.actions.sessions import end_other_sessions, end_session
from portal.people.forms import BoardForm, ChangeEmailForm, ChangePasswordForm, InterestsForm, ProfileForm, options
from portal.people.identity import require_own_password
from portal.people.panels import panels_for
from portal.people.queries.interests import interests_of
from portal.people.queries.persons import get_person
from portal.people.queries.sessions import list_sessions
from portal.people.rules.password import require_same
from portal.people.rules.person import time_zones
from portal.people.rules.welcome import is_new
from portal.people.views.sign_in import Answer, accept_password, bp, into_cookie, settings
from portal.web.errors import headers_of
from portal.web.guards import advocate, current_actor, member
from portal.web.templating import render
from portal.web.transaction import database, db, writes, writes_in_steps


def _profile_form(**kwargs: Any) -> ProfileForm:
    form = ProfileForm(**kwargs)
    languages = sorted({(str(locale), locale.get_display_name() or str(locale)) for locale in get_babel().instance.list_translations()})
    form.language.choices = options(_("As the programme"), languages)
    form.time_zone.choices = options(_("As the programme (%(zone)s)", zone=settings().time_zone), ((zone, zone) for zone in time_zones()))
    return form


def _profile(
    profile: ProfileForm | None = None,
    email: ChangeEmailForm | None = None,
    password: ChangePasswordForm | None = None,
    board: BoardForm | None = None,
    interests: InterestsForm | None = None,
) -> str:
    """Show the profile; forms not given are shown as if nothing had been typed."""
    now, person = utcnow(), get_person(db(), current_user.id)
    forms: dict[str, Any] = {
        "form": profile or _profile_form(formdata=None, obj=person),
        "email_form": email or ChangeEmailForm(formdata=None),
        "password_form": password or ChangePasswordForm(formdata=None),
        "board_form": board or BoardForm(formdata=None, is_listed=person.left_board_at is None, nickname=person.board_name),
        "interests_form": (interests or InterestsForm.of(interests_of(db(), person.id))) if ADVOCATE in current_user.roles else None,
    }
    forms["panels"] = panels_for("profile_panels", db(), person, now)
    forms["is_put_away"] = person.welcomed_at is not None and is_new(person.joined_at, person.roles, now)
    sessions = list_sessions(db(), person.id, is_admin=ADMIN in current_user.roles, now=now)
    return render("people/profile.html", person=person, sessions=sessions, min_length=settings().password_min_length, **forms)


@bp.get("/profile")
@member
def profile() -> str:
    """Who I am here, my password, where I am signed in."""
    return _profile()


def _profile_again(refusal: Refusal) -> Answer:
    form = _profile_form()
    form.refuse(refusal)
    return _profile(profile=form), refusal.status, {}


@bp.post("/profile")
@member
@writes(again=_profile_again)
def save_profile() -> Any:
    """Keep name, title, language and time zone."""
    form = _profile_form()
    if not form.validate():
        return _profile(profile=form), 422
    given = {field: form[field].data for field in ("name", "title", "language", "time_zone")}
    edit_profile(db(), current_actor(), person_id=current_user.id, **given, now=utcnow())
    flash(_("Your profile is saved."), "good")
    return redirect(url_for(".profile"), 303)


def _board_again(refusal: Refusal) -> Answer:
    form = BoardForm()
    form.refuse(refusal)
    return _profile(board=form), refusal.status, {}


@bp.post("/profile/board")
@advocate
@writes(again=_board_again)
def save_board() -> Any:
    """Keep how the reader wants to stand on boards."""
    form = BoardForm()
    if not form.validate():
        return _profile(board=form), 422
    is_listed, nickname = bool(form.is_listed.data), form.nickname.data or ""
    choose_board(db(), current_actor(), person_id=current_user.id, is_listed=is_listed, nickname=nickname, now=utcnow())
    flash(_("The boards show you as you chose."), "good")
    return redirect(url_for(".profile", _anchor="board"), 303)


@bp.post("/profile/interests")
@advocate
@writes
def save_interests() -> Any:
    """Keep what the reader likes to do and never wants to be asked for."""
    form = InterestsForm.of(filled=True)
    if not form.validate():
        return _profile(interests=form), 422
    set_interests(db(), current_actor(), person_id=current_user.id, wishes=form.wishes(), now=utcnow())
    flash(_("Kept. We will ask you accordingly."), "good")
    return redirect(url_for(".profile", _anchor="interests"), 303)


def _password_again(refusal: Refusal) -> Answer:
    form = ChangePasswordForm()
    form.refuse(refusal)
    return _profile(password=form), refusal.status, headers_of(refusal)


@bp.post("/profile/password")
@member
@writes_in_steps(again=_password_again)
def save_password() -> Any:
    """Keep a new password. Other sessions end, this one gets a new token."""
    form = ChangePasswordForm()
    if not form.validate():
        return _profile(password=form), 422
    require_same(form.password.data or "", form.again.data or "")
    require_own_password(form.current.data or "")
    actor, was_kept, session_id = current_actor(), session.permanent, current_user.session_id
    password = accept_password(get_person(db(), current_user.id), form.password.data or "")
    into_cookie(database().write(lambda s: change_password(s, actor, session_id=session_id, password=password, now=utcnow())), is_kept=was_kept)
    flash(_("Your new password is set. Everywhere else you are signed out."), "good")
    return redirect(url_for(".profile"), 303)


def _email_again(refusal: Refusal) -> Answer:
    form = ChangeEmailForm()
    form.refuse(refusal)
    return _profile(email=form), refusal.status, headers_of(refusal)


@bp.post("/profile/email")
@member
@writes_in_steps(again=_email_again)
def change_email() -> Any:
    """Send a link to the new address."""
    form = ChangeEmailForm()
    if not form.validate():
        return _profile(email=form), 422
    require_own_password(form.current.data or "")
    actor, email = current_actor(), form.email.data or ""
    database().write(lambda s: ask_email_change(s, actor, email=email, now=utcnow()))
    flash(_("We have sent a link to %(email)s. Your address changes when you open it.", email=email), "info")
    return redirect(url_for(".profile"), 303)


@bp.post("/profile/sessions/<int:session_id>/end")
@member
@writes
def end_one(session_id: int) -> Response:
    """Sign out elsewhere."""
    end_session(db(), current_actor(), session_id=session_id, now=utcnow())
    flash(_("That browser is signed out."), "good")
    return redirect(url_for(".profile"), 303)


@bp.post("/profile/sessions/end-others")
@member
@writes
def end_others() -> Response:
    """Sign out everywhere else."""
    end_other_sessions(db(), current_actor(), session_id=current_user.session_id, now=utcnow())
    flash(_("Everywhere else you are signed out."), "good")
    return redirect(url_for(".profile"), 303)
