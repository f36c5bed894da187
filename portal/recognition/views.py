"""The board's page."""

from datetime import datetime

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import local_date, utcnow
from portal.kernel.errors import NotFound
from portal.recognition.forms import BoardFilter
from portal.recognition.queries.board import get_board, iter_board
from portal.recognition.rules import ALL, UnknownPeriod, offered_periods, span_of
from portal.web.exports import csv_response
from portal.web.guards import current_actor, member
from portal.web.language import month
from portal.web.templating import render_fragment
from portal.web.transaction import db

bp = Blueprint("recognition", __name__)
CSV_HEADER = ("rank", "member", "company", "points")


@bp.get("/board")
@member
def board() -> ResponseReturnValue:
    """Who earned most in a period, with the reader's own place."""
    form = BoardFilter(request.args)
    asked = form.values()
    zone: str = current_app.config["SETTINGS"].time_zone
    period = _known(asked.get("period", ALL), zone)
    term = asked.get("q")
    if request.args.get("format") == "csv":
        rows = ((row.rank, row.member, row.company, row.points) for row in iter_board(db(), period, term=term))
        return csv_response(f"board-{period}.csv", CSV_HEADER, rows)
    actor = current_actor()
    found = get_board(db(), period, member_id=actor.id, term=term, after=request.args.get("after"))
    tabs = _tabs(period, utcnow(), zone)
    return render_fragment("recognition/board.html", "results", board=found, form=form, period=period, term=term, tabs=tabs, me=actor.id)


def _known(period: str, zone: str) -> str:
    try:
        span_of(period, zone)
    except UnknownPeriod as error:
        raise NotFound() from error
    return period


def _tabs(period: str, now: datetime, zone: str) -> list[tuple[str, str]]:
    """Return (key, name) of the periods offered, and of the one shown if it is another."""
    names = (_("All time"), _("This quarter"), _("This month"), _("Last quarter"), _("Last month"))
    tabs = list(zip(offered_periods(now, zone), names, strict=True))
    return tabs if any(key == period for key, _name in tabs) else [*tabs, (period, _name_of(period, zone))]


def _name_of(period: str, zone: str) -> str:
    since = span_of(period, zone).since
    assert since is not None
    return month(local_date(since, zone), "QQQ y" if "Q" in period else "LLLL y")
