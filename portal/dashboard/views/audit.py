"""The audit log: who did what, to what, when, from where. Read only."""

from datetime import date
from typing import Any

from flask import Flask, current_app, request
from flask_babel import gettext as _

from portal.dashboard.forms import AuditFilter
from portal.dashboard.queries.audit import Asked, Line, audit_page, iter_audit
from portal.dashboard.sentences import PORTAL
from portal.dashboard.views.home import bp
from portal.dashboard.views.telling import told_as
from portal.kernel.clock import end_of_day, start_of_day
from portal.web.exports import csv_response
from portal.web.guards import admin
from portal.web.templating import render_fragment
from portal.web.transaction import db

CSV_HEADER = ("id", "at", "event", "sentence", "actor_id", "actor", "subject_type", "subject_id", "origin", "request_id")


@bp.get("/admin/audit")
@admin
def audit() -> Any:
    """The log, newest first."""
    form = AuditFilter(request.args)
    asked = _asked(form)
    if request.args.get("format") == "csv":
        return csv_response("audit.csv", CSV_HEADER, (_cells(line) for line in iter_audit(db(), asked)))
    page = audit_page(db(), asked, after=request.args.get("after"))
    return render_fragment("dashboard/audit.html", "results", form=form, page=page, is_filtered=bool(form.values()))


def _asked(form: AuditFilter) -> Asked:
    values = form.values()
    zone: str = current_app.config["SETTINGS"].time_zone
    since: date | None = values.get("since")
    until: date | None = values.get("until")
    return Asked(
        q=values.get("q", ""),
        what=values.get("what", ""),
        origin=values.get("origin", ""),
        since=start_of_day(since, zone) if since else None,
        until=end_of_day(until, zone) if until else None,
    )


def _cells(line: Line) -> tuple[Any, ...]:
    event = line.event
    told = (event.id, event.at.isoformat(), event.name, told_as(line), event.actor_id, line.who or _(PORTAL))
    return (*told, event.subject_type, event.subject_id, event.origin, event.request_id)


def init(app: Flask) -> None:
    """Offer sentences of the log to the pages that show some of it."""
    app.jinja_env.filters["told_as"] = told_as
