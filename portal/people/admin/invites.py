"""Adding one person, and inviting several pasted lines."""

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from portal.kernel.actor import ADVOCATE
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.actions.companies import company_named
from portal.people.actions.invites import Outcome, invite_lines
from portal.people.actions.joining import invite_person
from portal.people.actions.persons import add_person
from portal.people.admin.people import bp
from portal.people.forms import InviteForm, InviteManyForm
from portal.people.queries.companies import company_names
from portal.people.rules.person import PersonState
from portal.web.errors import sentence
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


def _new(form: InviteForm) -> str:
    return render("people/admin/new.html", form=form, company_names=company_names(db()))


@bp.get("/new")
@admin
def new() -> str:
    """Add one person, with or without an invitation."""
    return _new(InviteForm(roles=[ADVOCATE]))


def _new_again(refusal: Refusal) -> Any:
    form = InviteForm()
    form.refuse(refusal)
    return _new(form), refusal.status


@bp.post("/new")
@admin
@writes(again=_new_again)
def add() -> Any:
    """Add one person and, if asked, send the invitation. The form sent twice adds and invites once."""
    form = InviteForm()
    if not form.validate():
        return _new(form), 422
    actor, now = current_actor(), utcnow()
    given: dict[str, Any] = {
        "name": form.name.data or "",
        "email": form.email.data or None,
        "title": form.title.data or "",
        "roles": form.roles.data or [],
    }
    company_id = company_named(db(), actor, form.company.data, now)
    person = add_person(db(), actor, **given, company_id=company_id, key=form.key.data or None, now=now)
    if form.is_invited.data and person.state == PersonState.CONTACT:
        invite_person(db(), actor, person_id=person.id, now=now)
        flash(_("%(name)s is added and invited.", name=person.name), "good")
    else:
        flash(_("%(name)s is added.", name=person.name), "good")
    return redirect(url_for(".person", person_id=person.id), 303)


def _several(form: InviteManyForm, outcomes: list[Outcome] | None = None) -> str:
    return render("people/admin/several.html", form=form, outcomes=outcomes, sentence=sentence)


@bp.get("/several")
@admin
def several() -> str:
    """Invite several people at once."""
    return _several(InviteManyForm(roles=[ADVOCATE]))


def _several_again(refusal: Refusal) -> Any:
    form = InviteManyForm()
    form.refuse(refusal)
    return _several(form), refusal.status


@bp.post("/several")
@admin
@writes(again=_several_again)
def invite_several() -> Any:
    """Invite who stands in each line and show what became of each. Sent twice, the second says who is invited already."""
    form = InviteManyForm()
    if not form.validate():
        return _several(form), 422
    outcomes = invite_lines(db(), current_actor(), text=form.lines.data or "", roles=form.roles.data or [], now=utcnow())
    left = "\n".join(outcome.text for outcome in outcomes if outcome.refusal)
    return _several(InviteManyForm(formdata=None, lines=left, roles=form.roles.data), outcomes)
