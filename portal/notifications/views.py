"""The inbox: what happened that concerns a person."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.kernel.clock import utcnow
from portal.notifications import actions, queries
from portal.notifications.models import Notice
from portal.notifications.wording import subject_of
from portal.web.exports import csv_response
from portal.web.guards import member
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("notifications", __name__)


@dataclass(frozen=True)
class Line:
    """A notice with its words in the reader's language."""

    notice: Notice
    text: str
    reason: str


@bp.get("/inbox")
@member
def inbox() -> Any:
    """The reader's notices, newest first."""
    unread_only = request.args.get("show") == "unread"
    if request.args.get("format") == "csv":
        lines = [_line(notice) for notice in queries.all_notices(db(), current_user.id, unread_only=unread_only)]
        rows = [
            [line.notice.created_at.isoformat(), line.text, line.reason, line.notice.link, "yes" if line.notice.read_at else "no"] for line in lines
        ]
        return csv_response("inbox.csv", ["created_at", "notice", "reason", "link", "read"], rows)
    page = queries.inbox(db(), current_user.id, unread_only=unread_only, after=request.args.get("after"))
    return render("notifications/inbox.html", page=page, lines=[_line(notice) for notice in page], unread_only=unread_only, place=_place())


@bp.post("/inbox/<int:notice_id>/open")
@member
@writes
def open_notice(notice_id: int) -> Response:
    """Mark a notice as read and go where it points."""
    notice = queries.notice_of(db(), current_user.id, notice_id)
    actions.mark_read(db(), person_id=current_user.id, notice_id=notice.id, now=utcnow())
    return redirect(notice.link or url_for(".inbox"), 303)


@bp.post("/inbox/<int:notice_id>/read")
@member
@writes
def read_notice(notice_id: int) -> Response:
    """Mark a notice as read and stay in the inbox."""
    notice = queries.notice_of(db(), current_user.id, notice_id)
    actions.mark_read(db(), person_id=current_user.id, notice_id=notice.id, now=utcnow())
    return redirect(url_for(".inbox", **_place()), 303)


@bp.post("/inbox/read")
@member
@writes
def read_all() -> Response:
    """Mark everything as read."""
    count = actions.mark_all_read(db(), person_id=current_user.id, now=utcnow())
    flash(ngettext("%(num)s notice marked as read.", "%(num)s notices marked as read.", count), "good")
    return redirect(url_for(".inbox"), 303)


def unread_notices() -> int:
    """Return how many notices the reader has not read, asked once a request."""
    if "unread_notices" not in g:
        g.unread_notices = queries.unread_count(db(), current_user.id) if current_user.is_authenticated else 0
    count: int = g.unread_notices
    return count


def init(app: Flask) -> None:
    """Offer the bell's number to the layout."""
    app.jinja_env.globals["unread_notices"] = unread_notices


def _place() -> dict[str, Any]:
    """Return where in the inbox the reader is, for coming back there."""
    return {name: request.args[name] for name in ("show", "after") if request.args.get(name)}


def _line(notice: Notice) -> Line:
    badges, level = notice.data.get("badges"), notice.data.get("lost_level")
    went = (badges and _("These badges went with it: %(badges)s.", badges=badges), level and _("The level “%(level)s” went with it.", level=level))
    said = (notice.data.get("reason"), *went)
    return Line(notice, subject_of(notice.kind, notice.data), "\n".join(filter(None, said)))
