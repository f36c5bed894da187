"""``flask board``: the board as the page shows it, from the same query."""

import csv
import sys
from collections.abc import Iterable
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from portal.kernel.errors import Refusal
from portal.kernel.tracks import Track
from portal.recognition.queries.board import iter_board
from portal.recognition.queries.seasons import get_season, iter_standing, span_on
from portal.recognition.rules.boards import ALL, board_key
from portal.recognition.rules.seasons import season_key
from portal.web.exports import guard_cell
from portal.web.transaction import database


@click.command("board")
@click.option("--period", default=ALL, show_default=True, help="all, a quarter such as 2026-Q4, or a month such as 2026-11.")
@click.option("--season", type=click.IntRange(1), metavar="ID", help="A season instead of a period; once closed, its standing.")
@click.option("--track", type=click.Choice([track.value for track in Track]), help="Only points earned in this track.")
@click.option("--company", type=click.IntRange(1), metavar="ID", help="Only people of this company, with places among themselves.")
@click.option("--format", "shape", type=click.Choice(["text", "csv"]), default="text", show_default=True)
@with_appcontext
def board(period: str, season: int | None, track: str | None, company: int | None, shape: str) -> None:
    """Print who earned how much: rank, member, company, points."""
    with database().reading() as session:
        found = _lines(session, season_key(season) if season else period, season, track, company)
        rows = ((row.rank, row.member, row.company, row.points) for row in found)
        if shape == "csv":
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(("rank", "member", "company", "points"))
            writer.writerows([guard_cell(cell) for cell in row] for row in rows)
            return
        for rank, member, company_name, points in rows:
            click.echo(f"{rank:>6}  {points:>10,}  {member}{f' ({company_name})' if company_name else ''}")


def _lines(session: Session, period: str, season: int | None, track: str | None, company: int | None) -> Iterable[Any]:
    try:
        span_on(session, period)
    except Refusal as refusal:
        raise click.BadParameter(str(refusal), param_hint="--season" if season else "--period") from refusal
    if season is None or get_season(session, season).closed_at is None:
        return iter_board(session, board_key(period, track), company_id=company)
    if track or company:
        raise click.UsageError("Of a season that is closed there is one standing, without tracks or companies.")
    return iter_standing(session, season)
