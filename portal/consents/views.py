"""Everybody's own consents: what they allowed, and taking it back. And the panels about them on the pages of people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.consents.actions import withdraw_consent
from portal.consents.forms import WithdrawForm
from portal.consents.models import Consent
from portal.consents.queries import consents_of
from portal.consents.rules import ITEM_NAMES, REASON_LENGTH, SCOPE_NAMES, STATE_NAMES, Item, Scope, State, state_of
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound, Refusal
from portal.people.models import Person
from portal.web.errors import sentence
from portal.web.guards import current_actor, member
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("consents", __name__, url_prefix="/consents")
ON_PROFILE, ON_PERSON = 3, 6


@bp.get("")
@member
def index() -> str:
    """What the reader allowed us, ended ones too; each that stands unfolds into the question whether to withdraw it."""
    return _mine()


def _mine(open_id: int | None = None, form: WithdrawForm | None = None) -> str:
    """Show the reader's consents; ``open_id`` is the one whose ``form`` was refused."""
    page = consents_of(db(), current_user.id, after=request.args.get("after"))
    return render("consents/mine.html", page=page, open_id=open_id, form=form or WithdrawForm(formdata=None), most=REASON_LENGTH)


def _again(refusal: Refusal, consent_id: int) -> Response:
    if isinstance(refusal, NotFound):
        raise refusal
    flash(sentence(refusal), "bad")
    return redirect(url_for(".index"), 303)


@bp.post("/<int:consent_id>/withdraw")
@member
@writes(again=_again)
def withdraw(consent_id: int) -> Any:
    """Take a consent back."""
    form = WithdrawForm()
    if not form.validate():
        return _mine(consent_id, form), 422
    withdraw_consent(db(), current_actor(), consent_id=consent_id, reason=form.reason.data or "", now=utcnow())
    flash(_("Withdrawn. The programme team is told. Your points stay."), "good")
    return redirect(url_for(".index"), 303)


def own_panel(session: Session, person: Person, _now: datetime) -> Mapping[str, Any] | None:
    """Somebody's latest consents, for themselves; nothing where there are none."""
    page = consents_of(session, person.id, size=ON_PROFILE)
    return {"page": page} if len(page) else None


def person_panel(session: Session, person: Person, _now: datetime) -> Mapping[str, Any] | None:
    """What somebody consented to, for admins; nothing where there is nothing."""
    page = consents_of(session, person.id, size=ON_PERSON)
    return {"page": page, "person": person} if len(page) else None


def _item(value: str) -> str:
    return str(_(ITEM_NAMES[Item(value)])) if value in ITEM_NAMES else value


def _scope(values: list[str]) -> str:
    return ", ".join(str(_(SCOPE_NAMES[Scope(value)])) for value in values if value in SCOPE_NAMES)


def _state(consent: Consent) -> State:
    return state_of(consent.ended_as, consent.expires_on, local_date(utcnow(), programme_zone(db())))


def _state_name(state: State) -> str:
    return str(_(STATE_NAMES[state]))


def init(app: Flask) -> None:
    """Offer the words of consents to the templates: ``item|consent_item``, ``scope|consent_scope``, ``consent|consent_state``."""
    words = {"consent_item": _item, "consent_scope": _scope, "consent_state": _state, "consent_state_name": _state_name}
    app.jinja_env.filters.update(words)
