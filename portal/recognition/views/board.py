"""The board's page: this month first, seasons, other periods, one track, one company."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.kernel.actor import ADVOCATE
from portal.kernel.clock import local_date, utcnow
from portal.kernel.errors import NotFound
from portal.people.models import Company
from portal.people.queries.companies import get_company
from portal.people.queries.persons import get_person
from portal.recognition.forms import BoardFilter
from portal.recognition.models import Season
from portal.recognition.queries.board import get_board, iter_board, own_points
from portal.recognition.queries.levels import rungs_for
from portal.recognition.queries.seasons import get_season, has_closed, running_seasons
from portal.recognition.rules.boards import ABSENCES, UnknownPeriod, board_key, offered_periods, span_of, why_absent
from portal.recognition.rules.seasons import season_id_of, season_key
from portal.web.exports import csv_response
from portal.web.guards import current_actor, member
from portal.web.language import month
from portal.web.templating import render_fragment
from portal.web.transaction import db

bp = Blueprint("recognition", __name__)
CSV_HEADER = ("rank", "member", "company", "points")


@dataclass(frozen=True)
class Asked:
    """Which board is wanted: its period, season if it is one's, track and company."""

    period: str
    season: Season | None
    track: str | None
    company: Company | None
    term: str | None

    @property
    def key(self) -> str:
        return board_key(self.period, self.track)

    @property
    def company_id(self) -> int | None:
        return self.company.id if self.company else None


@bp.get("/board")
@member
def board() -> ResponseReturnValue:
    """Who earned most in a period, with the reader's own place."""
    form, now = BoardFilter(request.args), utcnow()
    asked = read(form, now)
    if asked.season is not None and asked.season.closed_at is not None:
        return redirect(url_for(".season", season_id=asked.season.id), 302)
    if request.args.get("format") == "csv":
        lines = iter_board(db(), asked.key, term=asked.term, company_id=asked.company_id)
        rows = ((row.rank, row.member, row.company, row.points) for row in lines)
        return csv_response(f"board-{asked.key.replace('/', '-')}.csv", CSV_HEADER, rows)
    actor = current_actor()
    found = get_board(db(), asked.key, member_id=actor.id, term=asked.term, after=request.args.get("after"), company_id=asked.company_id)
    levels = rungs_for(db(), [row.member_id for row in found.page.rows])
    shown = {"levels": levels, "board": found, "form": form, "asked": asked, "tabs": tabs(asked, now), "me": actor.id, "has_closed": has_closed(db())}
    absent = _absent(asked, current_user.id) if found.own is None and ADVOCATE in current_user.roles else None
    return render_fragment("recognition/board.html", "results", **shown, absent=absent)


def _absent(asked: Asked, person_id: int) -> tuple[str, int]:
    """Return why the reader is not on the board asked for, as a sentence, and what they earned in it."""
    person, company_id = get_person(db(), person_id), asked.company_id
    reason = why_absent(
        has_left=person.left_board_at is not None,
        is_team=person.is_employee or person.is_admin,
        is_elsewhere=company_id is not None and person.company_id != company_id,
        is_nicknamed=company_id is not None and person.board_name is not None,
    )
    return ABSENCES[reason], own_points(db(), asked.key, person_id)


def read(form: BoardFilter, now: datetime) -> Asked:
    """Return which board the address asks for: this month's where it says nothing. A period, season or company that cannot be is not found."""
    values, zone = form.values(), _zone()
    period = values.get("period") or offered_periods(now, zone)[0]
    season_id = season_id_of(period)
    season = get_season(db(), season_id) if season_id is not None else None
    if season is None:
        try:
            span_of(period, zone)
        except UnknownPeriod as error:
            raise NotFound() from error
    company = get_company(db(), values["company"]) if "company" in values else None
    return Asked(period, season, values.get("track"), company, values.get("q"))


def tabs(asked: Asked, now: datetime) -> list[tuple[str, str]]:
    """Return (key, name) of the periods offered, the seasons that run behind this month, and the one shown if it is another."""
    zone = _zone()
    names = (_("This month"), _("This quarter"), _("Last month"), _("Last quarter"), _("All time"))
    found = list(zip(offered_periods(now, zone), names, strict=True))
    found[1:1] = [(season_key(season.id), season.name) for season in running_seasons(db(), local_date(now, zone))]
    return found if any(key == asked.period for key, _name in found) else [*found, (asked.period, _name_of(asked, zone))]


def _zone() -> str:
    zone: str = current_app.config["SETTINGS"].time_zone
    return zone


def _name_of(asked: Asked, zone: str) -> str:
    if asked.season is not None:
        return asked.season.name
    since = span_of(asked.period, zone).since
    assert since is not None
    return month(local_date(since, zone), "QQQ y" if "Q" in asked.period else "LLLL y")
