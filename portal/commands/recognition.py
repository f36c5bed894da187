"""``flask board``: the board as the page shows it, from the same query."""

import csv
import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from portal.kernel.errors import Refusal
from portal.recognition.queries.board import iter_board
from portal.recognition.rules.boards import ALL, span_of
from portal.web.exports import guard_cell
from portal.web.transaction import database


@click.command("board")
@click.option("--period", default=ALL, show_default=True, help="all, a quarter such as 2026-Q4, or a month such as 2026-11.")
@click.option("--format", "shape", type=click.Choice(["text", "csv"]), default="text", show_default=True)
@with_appcontext
def board(period: str, shape: str) -> None:
    """Print who earned how much: rank, member, company, points."""
    try:
        span_of(period, current_app.config["SETTINGS"].time_zone)
    except Refusal as refusal:
        raise click.BadParameter(str(refusal), param_hint="--period") from refusal
    with database().reading() as session:
        rows = ((row.rank, row.member, row.company, row.points) for row in iter_board(session, period))
        if shape == "csv":
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(("rank", "member", "company", "points"))
            writer.writerows([guard_cell(cell) for cell in row] for row in rows)
            return
        for rank, member, company, points in rows:
            click.echo(f"{rank:>6}  {points:>10,}  {member}{f' ({company})' if company else ''}")
