"""The statement of the person who is signed in, and what both doors of this room share."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.bank.forms import StatementFilter
from portal.bank.queries import Sources, StatementLine, Wanted, iter_lines, list_lines
from portal.bank.rules import SOON
from portal.kernel.clock import end_of_day, local_date, start_of_day, utcnow
from portal.ledger.queries.balances import balance_of
from portal.ledger.queries.lots import lapsing, waiting
from portal.ledger.rules import TransferKind
from portal.web.exports import csv_response
from portal.web.guards import advocate, current_actor
from portal.web.language import day
from portal.web.templating import render_fragment
from portal.web.transaction import db

bp = Blueprint("bank", __name__)
HEADER = ("booked", "counts_from", "what", "for", "points", "balance_after", "note", "by")


@bp.get("/statement")
@advocate
def statement() -> ResponseReturnValue:
    """What the reader earned and spent, and what is left."""
    person_id = current_actor().id
    assert person_id is not None
    if request.args.get("format") == "csv":
        return statement_csv(person_id, "statement.csv")
    return render_fragment("bank/statement.html", "results", **shown_statement(person_id))


def shown_statement(person_id: int) -> dict[str, Any]:
    """Return what the template of a statement needs."""
    form = StatementFilter(request.args)
    filters = form.values()
    found = list_lines(db(), person_id, wanted_lines(filters), statement_sources(), after=request.args.get("after"))
    shown = {"found": found, "form": form, "filters": filters, "balance": balance_of(db(), person_id), "what_of": what_of}
    return shown | {"expiring": lapsing(db(), person_id), "waiting": waiting(db(), person_id), "soon": days_from_now(SOON)}


def days_from_now(days: int) -> date:
    """Return the day of the programme that lies so many days ahead."""
    zone: str = current_app.config["SETTINGS"].time_zone
    return local_date(utcnow(), zone) + timedelta(days=days)


def statement_csv(person_id: int, filename: str) -> Response:
    """Answer with every line that fits the filter."""
    lines = iter_lines(db(), person_id, wanted_lines(StatementFilter(request.args).values()), statement_sources())
    return csv_response(filename, HEADER, (_cells(line) for line in lines))


def wanted_lines(filters: Mapping[str, Any]) -> Wanted:
    """Return the filter of the address; days are days of the programme."""
    zone: str = current_app.config["SETTINGS"].time_zone
    since, until, kind = filters.get("since"), filters.get("until"), filters.get("kind")
    return Wanted(
        term=filters.get("q", ""),
        kind=TransferKind(kind) if kind else None,
        since=start_of_day(since, zone) if since else None,
        until=end_of_day(until, zone) if until else None,
    )


def statement_sources() -> Sources:
    """Return what other rooms handed over for their lines."""
    found: Sources = current_app.extensions["statement_sources"]
    return found


def what_of(line: StatementLine) -> str:
    """Return what happened, in the reader's language."""
    return str(_(line.what, day=day(line.what_at)) if line.what_at else _(line.what))


def _cells(line: StatementLine) -> tuple[Any, ...]:
    title = line.source.title if line.source else ""
    booked, counts = (at.isoformat(timespec="seconds") for at in (line.recorded_at, line.effective_at))
    return booked, counts, what_of(line), title, line.points, line.balance_after, line.note, line.by
