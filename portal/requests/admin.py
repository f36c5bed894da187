"""Admins' page of what holds for requests: points by what was done, and the clock."""

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.profiles.rules.activity import Activity
from portal.requests.actions.terms import seen_values, set_terms
from portal.requests.forms import TermsForm
from portal.requests.queries.terms import terms_of
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("requests_admin", __name__, url_prefix="/admin/requests")


def _stored() -> TermsForm:
    values = seen_values(terms_of(db()))
    return TermsForm(formdata=None, data=values | {"seen": seen_of(values)})


def _page(form: TermsForm | None = None) -> str:
    return render("requests/terms.html", form=form or _stored(), kinds=list(Activity))


def _again(refusal: Refusal) -> tuple[str, int]:
    form = TermsForm()
    form.refuse(refusal, _stored)
    return _page(form), refusal.status


@bp.get("")
@admin
def terms() -> str:
    """The terms."""
    return _page()


@bp.post("")
@admin
@writes(again=_again)
def save() -> Any:
    """Keep the terms."""
    form = TermsForm()
    if not form.validate():
        return _page(form), 422
    set_terms(db(), current_actor(), terms=form.terms(), seen=form.seen.data, now=utcnow())
    flash(_("Saved. It counts from now on; what was paid stays as it is."), "good")
    return redirect(url_for(".terms"), 303)
