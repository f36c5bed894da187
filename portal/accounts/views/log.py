"""Admins read who saw whose contact details."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.forms import SeenFilter
from portal.accounts.queries.seen import all_views, views_page
from portal.accounts.rules.seeing import PLACE_NAMES
from portal.accounts.views.names import admin_bp
from portal.web.exports import csv_response
from portal.web.guards import admin
from portal.web.templating import render
from portal.web.transaction import db

HEADER = ("at", "viewer_id", "viewer", "person_id", "person", "company", "where")


@admin_bp.get("")
@admin
def index() -> ResponseReturnValue:
    """The log, newest first."""
    form = SeenFilter(request.args)
    asked = form.values()
    if request.args.get("format") == "csv":
        return csv_response("contacts-seen.csv", HEADER, (_cells(row) for row in all_views(db(), **asked)))
    page = views_page(db(), after=request.args.get("after"), **asked)
    return render("accounts/seen.html", form=form, page=page, is_filtered=bool(asked), place_name=place_name)


def place_name(row: Any) -> str:
    """Return where it was shown, in the reader's language."""
    name = PLACE_NAMES.get(row.ContactView.place)
    return str(_(name)) if name else str(row.ContactView.place)


def _cells(row: Any) -> tuple[Any, ...]:
    seen = row.ContactView
    return (seen.at.isoformat(), seen.viewer_id, row.viewer, seen.person_id, row.person, row.company, place_name(row))
