"""The admins' page of the terms on which points are earned: when they expire, and when they can be spent."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, url_for
from flask_babel import gettext as _

from portal.bank.actions.terms import last_set, seen_values, set_terms
from portal.bank.forms import TermsForm
from portal.bank.rules.terms import STEPS
from portal.kernel.clock import local_date, utcnow
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.ledger.lots import GRACE, PolicyKind, lapses_on
from portal.ledger.queries.policies import list_policies, policy_at
from portal.people.queries.persons import names
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("bank_terms", __name__, url_prefix="/admin/bank")


def _page(form: TermsForm) -> str:
    now, zone = utcnow(), current_app.config["SETTINGS"].time_zone
    today = local_date(now, zone)
    standing, history = policy_at(db(), now), list_policies(db())
    coming = next((policy for policy in history[:1] if policy.from_at > now), None)
    people = names(db(), {policy.set_by for policy in history if policy.set_by is not None})
    last = lapses_on(standing, month=today.replace(day=1), day=today)
    days = {policy.id: local_date(policy.from_at, zone) for policy in history}
    shown = {"standing": standing, "coming": coming, "history": history, "people": people, "days": days, "today": today, "last": last}
    return render("bank/terms.html", form=form, steps=STEPS, grace=GRACE.days, **shown)


def _again(refusal: Refusal) -> tuple[str, int]:
    form = TermsForm()
    form.validate()
    form.refuse(refusal, _stored)
    return _page(form), refusal.status


@bp.get("")
@admin
def terms() -> str:
    """The terms as they stand, those to come, and those before."""
    return _page(_stored())


def _stored() -> TermsForm:
    last = last_set(db())
    data = {"kind": last.kind.value, "months": last.months, "pending_days": last.pending_days} if last else {"kind": "none", "pending_days": 0}
    return TermsForm(formdata=None, data=data, seen=seen_of(seen_values(last)))


@bp.post("")
@admin
@writes(again=_again)
def save() -> Any:
    """Keep the terms for what is earned from now on, or from a later day."""
    form = TermsForm()
    if not form.validate():
        return _page(form), 422
    asked = {"months": form.months.data, "pending_days": form.pending_days.data, "from_on": form.from_on.data}
    changed = set_terms(db(), current_actor(), kind=PolicyKind(form.kind.data), **asked, seen=form.seen.data, now=utcnow())
    flash(_("Saved. Points earned before keep their terms.") if changed else _("Nothing has changed."), "good")
    return redirect(url_for(".terms"), 303)
