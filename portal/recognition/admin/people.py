"""Giving a badge to somebody and taking one, from the page about them."""

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.queries.persons import get_person
from portal.recognition.actions.holdings import give_badge, revoke_badge
from portal.recognition.admin.badges import bp
from portal.recognition.forms import GiveForm, RevokeForm
from portal.recognition.queries.badges import get_holding, givable
from portal.web.errors import sentence
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


def _give(person_id: int, form: GiveForm | None = None) -> str:
    person = get_person(db(), person_id)
    return render("recognition/admin/give.html", person=person, form=form or GiveForm(formdata=None, badges=givable(db(), person_id)))


@bp.get("/people/<int:person_id>/give")
@admin
def give(person_id: int) -> str:
    """Choose a badge and say why."""
    return _give(person_id)


def _give_again(refusal: Refusal, person_id: int) -> tuple[str, int]:
    form = GiveForm(badges=givable(db(), person_id))
    form.refuse(refusal)
    return _give(person_id, form), refusal.status


@bp.post("/people/<int:person_id>/give")
@admin
@writes(again=_give_again)
def give_to(person_id: int) -> Any:
    """Give it."""
    form = GiveForm(badges=givable(db(), person_id))
    if not form.validate():
        return _give(person_id, form), 422
    give_badge(db(), current_actor(), badge_id=form.badge_id.data, person_id=person_id, reason=form.reason.data or "", now=utcnow())
    flash(_("The badge is given."), "good")
    return redirect(url_for("people_admin.person", person_id=person_id), 303)


def _revoke(holding_id: int, form: RevokeForm | None = None) -> str:
    found = get_holding(db(), holding_id)
    return render("recognition/admin/revoke.html", found=found, form=form or RevokeForm(formdata=None))


@bp.get("/holdings/<int:holding_id>/revoke")
@admin
def revoke(holding_id: int) -> str:
    """Say why a badge is taken."""
    return _revoke(holding_id)


def _revoke_again(refusal: Refusal, holding_id: int) -> Any:
    form = RevokeForm()
    form.refuse(refusal)
    if refusal.status == 409:
        flash(sentence(refusal), "bad")
        return redirect(url_for("people_admin.person", person_id=get_holding(db(), holding_id).Person.id), 303)
    return _revoke(holding_id, form), refusal.status


@bp.post("/holdings/<int:holding_id>/revoke")
@admin
@writes(again=_revoke_again)
def take(holding_id: int) -> Any:
    """Take it."""
    form = RevokeForm()
    if not form.validate():
        return _revoke(holding_id, form), 422
    person_id = revoke_badge(db(), current_actor(), holding_id=holding_id, reason=form.reason.data or "", now=utcnow())
    flash(_("The badge is taken, and the person was told why."), "good")
    return redirect(url_for("people_admin.person", person_id=person_id), 303)
