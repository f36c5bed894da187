"""The admins' door to consents: who allowed what, where and until when."""

from datetime import date
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.consents.forms import ConsentFilter
from portal.consents.queries import get_with_whose, iter_consents, list_consents
from portal.consents.rules import ITEM_NAMES, SCOPE_NAMES, STATE_NAMES, Item, Scope, state_of
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.web.exports import csv_response
from portal.web.guards import admin
from portal.web.templating import render
from portal.web.transaction import db

bp = Blueprint("consents_admin", __name__, url_prefix="/admin/consents")
HEADER = ("given", "member", "company", "item", "quote", "agreed_to", "scope", "through", "state", "ended", "reason", "version", "submission")


@bp.get("")
@admin
def index() -> ResponseReturnValue:
    """Every consent, the newest first, ended ones too."""
    form = ConsentFilter(request.args)
    today = local_date(utcnow(), programme_zone(db()))
    if request.args.get("format") == "csv":
        return csv_response("consents.csv", HEADER, (_line(row, today) for row in iter_consents(db(), today=today, **form.values())))
    page = list_consents(db(), today=today, after=request.args.get("after"), **form.values())
    return render("consents/index.html", form=form, page=page)


@bp.get("/<int:consent_id>")
@admin
def show(consent_id: int) -> str:
    """One consent: the exact text, where, until when, and what shows it."""
    return render("consents/show.html", row=get_with_whose(db(), consent_id))


def _line(row: Any, today: date) -> tuple[Any, ...]:
    consent = row.Consent
    state = state_of(consent.ended_as, consent.expires_on, today)
    ended = consent.ended_at.isoformat() if consent.ended_at else ""
    scope = ", ".join(_(SCOPE_NAMES[Scope(place)]) for place in consent.scope)
    said = (_(ITEM_NAMES[Item(consent.item)]), consent.quote, consent.words, scope)
    when = (consent.expires_on or "", _(STATE_NAMES[state]), ended, consent.reason)
    return (consent.given_at.isoformat(), row.person, row.company or "", *said, *when, consent.version, consent.source_id)
