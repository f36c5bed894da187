"""Seasons that are over: what they were, and who stood where."""

from flask import request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.kernel.errors import NotFound
from portal.recognition.queries import seasons as queries
from portal.recognition.views.board import CSV_HEADER, bp
from portal.web.exports import csv_response
from portal.web.guards import member
from portal.web.templating import render
from portal.web.transaction import db


@bp.get("/board/seasons")
@member
def seasons() -> str:
    """The seasons that are over, the latest first, with the first three of each."""
    page = queries.list_seasons(db(), after=request.args.get("after"), only_closed=True)
    winners = queries.winners_of(db(), [season.id for season in page.rows])
    return render("recognition/seasons.html", page=page, winners=winners)


@bp.get("/board/seasons/<int:season_id>")
@member
def season(season_id: int) -> ResponseReturnValue:
    """The standing of one, as it was kept."""
    found = queries.get_season(db(), season_id)
    if found.closed_at is None:
        raise NotFound()
    if request.args.get("format") == "csv":
        rows = ((row.rank, row.member, row.company, row.points) for row in queries.iter_standing(db(), season_id))
        return csv_response(f"season-{season_id}.csv", CSV_HEADER, rows)
    page = queries.standing_page(db(), season_id, after=request.args.get("after"))
    own, members = queries.own_standing(db(), season_id, current_user.id), queries.count_standing(db(), season_id)
    around = queries.standing_around(db(), season_id, current_user.id)
    return render("recognition/season.html", season=found, page=page, own=own, around=around, members=members, me=current_user.id)
