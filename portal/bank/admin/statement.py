"""Admins' pages of the bank: anybody's statement, and corrections by hand."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.bank.actions.adjusting import adjust_points
from portal.bank.forms import AdjustForm
from portal.bank.queries.limits import limits_of, used_now, waiting_now
from portal.bank.rules.adjusting import State, WouldOwe
from portal.bank.shown import FILES, shown_statement
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.queries.persons import get_person
from portal.review.queries.terms import terms_of
from portal.web.guards import admin, current_actor
from portal.web.templating import render_fragment
from portal.web.transaction import db, writes

bp = Blueprint("bank_admin", __name__, url_prefix="/admin/statement")


@bp.get("/<int:person_id>")
@admin
def statement(person_id: int) -> ResponseReturnValue:
    """What a person earned and spent."""
    get_person(db(), person_id)
    if (kind := request.args.get("format")) in FILES:
        return FILES[kind](person_id, f"statement-{person_id}")
    return _page(person_id, AdjustForm(formdata=None))


@bp.post("/<int:person_id>")
@admin
@writes(again=lambda refusal, person_id: _refused(refusal, person_id))
def adjust(person_id: int) -> ResponseReturnValue:
    """Add or take points, with a reason; a large correction waits for a second admin."""
    form = AdjustForm()
    if not form.validate():
        return _page(person_id, form), 422
    made = adjust_points(
        db(),
        current_actor(),
        person_id=person_id,
        points=form.points.data or 0,
        counts_as_earned=form.counts_as_earned.data,
        category=form.category.data,
        reason=form.reason.data or "",
        key=f"form:{form.key.data}",
        now=utcnow(),
        most_owed=form.agreed.data or 0,
    )
    if made.state == State.WAITING:
        flash(_("Asked for. Another admin has to approve it; nothing is booked and nobody is told until then."), "info")
        return redirect(url_for("bank_corrections.index", state=State.WAITING), 303)
    has_address = get_person(db(), person_id).email is not None
    flash(_("Corrected. They read your reason in a mail.") if has_address else _("Corrected."), "good")
    return redirect(url_for("bank_admin.statement", person_id=person_id), 303)


def _page(person_id: int, form: AdjustForm, owed: int | None = None) -> str:
    person, actor = get_person(db(), person_id), current_actor()
    return render_fragment(
        "bank/admin.html",
        "results",
        person=person,
        adjust=form,
        is_own=actor.id == person_id,
        owed=owed,
        limits=limits_of(db()),
        used=used_now(db(), actor.id, utcnow()),
        asked=waiting_now(db(), actor.id, utcnow()),
        four_eyes_above=terms_of(db()).four_eyes_above,
        **shown_statement(person_id),
    )


def _refused(refusal: Refusal, person_id: int) -> ResponseReturnValue:
    form = AdjustForm()
    form.validate()
    form.refuse(refusal)
    return _page(person_id, form, refusal.facts["owed"] if isinstance(refusal, WouldOwe) else None), refusal.status
