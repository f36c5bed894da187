"""Links by mail: invitation, new password, new address. GET shows a button, POST acts, so that a mail scanner uses nothing up."""

from typing import Any

from flask import flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.actions.interests import set_interests
from portal.people.actions.joining import join
from portal.people.actions.passwords import ask_reset, reset_password
from portal.people.actions.profile import confirm_email
from portal.people.actions.sessions import open_session
from portal.people.forms import ConfirmForm, ForgottenForm, InterestsForm, NewPasswordForm
from portal.people.queries.links import holder_of
from portal.people.rules.link import LinkSpent, Purpose
from portal.people.rules.password import NewPassword, require_same
from portal.people.views.sign_in import Answer, accept_password, bp, browser, into_cookie
from portal.web.errors import headers_of, sentence
from portal.web.guards import current_actor, public
from portal.web.templating import render
from portal.web.transaction import database, db, writes, writes_in_steps


def _spent(refusal: Refusal, purpose: Purpose) -> Answer:
    return render("people/link_spent.html", text=sentence(refusal), is_email=purpose is Purpose.EMAIL), refusal.status, {}


def _show_link(purpose: Purpose, template: str, form: NewPasswordForm | ConfirmForm, status: int = 200) -> Answer:
    try:
        person, new_email = holder_of(db(), form.t.data or "", purpose, utcnow())
    except LinkSpent as refusal:
        return _spent(refusal, purpose)
    interests = InterestsForm.of(filled=request.method == "POST") if purpose is Purpose.INVITE and person.is_advocate else None
    return render(template, form=form, person=person, new_email=new_email, interests_form=interests), status, {}


def _link_again(purpose: Purpose, template: str) -> Any:
    def again(refusal: Refusal) -> Any:
        if isinstance(refusal, LinkSpent) and purpose is Purpose.INVITE and current_user.is_authenticated:
            # Pressed twice: the first has joined and signed in.
            return redirect("/", 303)
        if isinstance(refusal, LinkSpent):
            return _spent(refusal, purpose)
        form = NewPasswordForm()
        form.refuse(refusal)
        return _show_link(purpose, template, form, refusal.status)

    return again


def _chosen(purpose: Purpose) -> NewPassword | None:
    """Return the password that was chosen by link, found good and hashed, or None for a form that is not filled in. A spent link costs no hash."""
    form = NewPasswordForm()
    if not form.validate():
        return None
    require_same(form.password.data or "", form.again.data or "")
    person, _ = holder_of(db(), form.t.data or "", purpose, utcnow())
    return accept_password(person, form.password.data or "")


@bp.get("/join")
@public
def show_join() -> Any:
    """An invitation: who it is for, and a password to choose."""
    return _show_link(Purpose.INVITE, "people/join.html", NewPasswordForm(t=request.args.get("t", "")))


@bp.post("/join")
@public
@writes(first=lambda: _chosen(Purpose.INVITE), again=_link_again(Purpose.INVITE, "people/join.html"))
def accept_invitation(ready: NewPassword | None) -> Any:
    """Join, and be signed in."""
    form = NewPasswordForm()
    if not form.validate() or ready is None:
        return _show_link(Purpose.INVITE, "people/join.html", form, 422)
    actor, now = current_actor(), utcnow()
    person = join(db(), actor, token=form.t.data or "", password=ready, now=now)
    wishes = InterestsForm.of(filled=True).wishes()
    if person.is_advocate and wishes:
        set_interests(db(), Actor(person.id, person.roles, actor.origin, actor.request_id), person_id=person.id, wishes=wishes, now=now)
    token = open_session(db(), person, is_kept=False, origin=actor.origin, browser=browser(), now=now)
    into_cookie(token, is_kept=False)
    flash(_("Welcome, %(name)s. You are in.", name=person.name), "good")
    return redirect("/", 303)


@bp.get("/forgotten")
@public
def forgotten() -> str:
    """Ask for a link for a new password."""
    return render("people/forgotten.html", form=ForgottenForm())


def _forgotten_again(refusal: Refusal) -> Answer:
    form = ForgottenForm()
    form.refuse(refusal)
    return render("people/forgotten.html", form=form), refusal.status, headers_of(refusal)


@bp.post("/forgotten")
@public
@writes_in_steps(again=_forgotten_again)
def send_link() -> Any:
    """Promise the mail. The answer is the same for every address."""
    form = ForgottenForm()
    if not form.validate():
        return render("people/forgotten.html", form=form), 422
    origin, now = current_actor().origin, utcnow()
    database().write(lambda s: ask_reset(s, email=form.email.data or "", origin=origin, now=now))
    return redirect(url_for(".link_sent"), 303)


@bp.get("/forgotten/sent")
@public
def link_sent() -> str:
    """What happens next, the same for every address."""
    return render("people/link_sent.html")


@bp.get("/reset")
@public
def show_reset() -> Any:
    """A link for a new password."""
    return _show_link(Purpose.RESET, "people/reset.html", NewPasswordForm(t=request.args.get("t", "")))


@bp.post("/reset")
@public
@writes(first=lambda: _chosen(Purpose.RESET), again=_link_again(Purpose.RESET, "people/reset.html"))
def set_password(ready: NewPassword | None) -> Any:
    """Keep the new password. Every session has ended; one signs in with it."""
    form = NewPasswordForm()
    if not form.validate() or ready is None:
        return _show_link(Purpose.RESET, "people/reset.html", form, 422)
    reset_password(db(), current_actor(), token=form.t.data or "", password=ready, now=utcnow())
    session.clear()
    flash(_("Your new password is set. Please sign in with it."), "good")
    return redirect(url_for(".sign_in"), 303)


@bp.get("/confirm-email")
@public
def show_confirm_email() -> Any:
    """A link to a new address."""
    return _show_link(Purpose.EMAIL, "people/confirm_email.html", ConfirmForm(t=request.args.get("t", "")))


@bp.post("/confirm-email")
@public
@writes(again=_link_again(Purpose.EMAIL, "people/confirm_email.html"))
def take_email() -> Response:
    """Make the new address the one to sign in with."""
    confirm_email(db(), current_actor(), token=request.form.get("t", ""), now=utcnow())
    flash(_("Your new e-mail address is confirmed."), "good")
    return redirect(url_for(".profile") if current_user.is_authenticated else url_for(".sign_in"), 303)
