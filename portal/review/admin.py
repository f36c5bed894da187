"""The admins' page of the terms of reviewing."""

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.review.actions.terms import seen_values, set_terms
from portal.review.forms import TermsForm
from portal.review.queries.deciders import deciders
from portal.review.queries.terms import terms_of
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("review_admin", __name__, url_prefix="/admin/reviewing")


def _stored() -> TermsForm:
    standing = terms_of(db())
    return TermsForm.of(standing, seen_of(seen_values(standing)))


def _page(form: TermsForm) -> str:
    return render("review/terms.html", form=form, deciders=deciders(db()))


def _again(refusal: Refusal) -> tuple[str, int]:
    form = TermsForm()
    form.refuse(refusal, _stored)
    return _page(form), refusal.status


@bp.get("")
@admin
def terms() -> str:
    """The terms, and who may decide."""
    return _page(_stored())


@bp.post("")
@admin
@writes(again=_again)
def save() -> Any:
    """Keep the terms."""
    form = TermsForm()
    if not form.validate():
        return _page(form), 422
    set_terms(db(), current_actor(), terms=form.terms(), seen=form.seen.data, now=utcnow())
    flash(_("Saved. What waits is due by these terms from now on."), "good")
    return redirect(url_for(".terms"), 303)
