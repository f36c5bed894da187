"""``flask ledger``: check, verify, seal and export the safe."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.invariants import findings
from portal.kernel.clock import utcnow
from portal.ledger.actions.sealing import seal_pending
from portal.ledger.heads import HeadsUnreadable, NotedHead, read_heads
from portal.ledger.lots import NEVER, NO_GRACE
from portal.ledger.models import transfer
from portal.ledger.queries import journal, proof
from portal.ledger.queries.lots import LOT_FIELDS, all_lots
from portal.ledger.queries.sealed import head
from portal.ledger.rules import Problem
from portal.web.transaction import database

LOTS = "lots"
_AT_ONCE = 65_536


@click.group("ledger")
def ledger() -> None:
    """Prove, seal and export the points ledger."""


def _report(problems: Sequence[Problem]) -> None:
    for problem in problems:
        click.echo(str(problem))
    if problems:
        raise click.exceptions.Exit(1)


def _noted(heads: Path | None = None) -> list[NotedHead]:
    try:
        return read_heads(heads or current_app.config["SETTINGS"].heads)
    except HeadsUnreadable as error:
        raise click.ClickException(str(error)) from error


@ledger.command("check")
@with_appcontext
def check() -> None:
    """Run the list of the fifteen invariants; say of each that it holds, or name each row that breaks it (exit 1)."""
    noted, broken, asked = _noted(), 0, 0
    with database().snapshot() as session:
        for found in findings(session, noted=noted):
            click.echo(str(found))
            for problem in found.problems:
                click.echo(f"      {problem}")
            broken += len(found.problems)
            asked += found.asked
        transfers = session.execute(select(func.count()).select_from(transfer)).scalar_one()
    if broken:
        click.echo(f"Broken by {broken} rows." if broken > 1 else "Broken by one row.")
        raise click.exceptions.Exit(1)
    click.echo(f"All fifteen hold over {transfers} transfers, asked in {asked} ways.")


@ledger.command("verify")
@click.option("--anchor", metavar="HASH", help="A head hash noted earlier, outside the database: it must still be in the chain.")
@click.option("--heads", type=click.Path(path_type=Path, dir_okay=False), help="The file of heads noted day by day (PORTAL_HEADS if not given).")
@with_appcontext
def verify(anchor: str | None, heads: Path | None) -> None:
    """Compute every seal again, find every noted head again; name each row that was changed, removed, added or swapped (exit 1)."""
    noted = _noted(heads)
    with database().snapshot() as session:
        problems = proof.verify(session, anchor=anchor, noted=noted)
        _report(problems)
        end, waiting = head(session), proof.waiting(session)
    sealed = "The seals hold" if end.block_id else "Nothing is sealed yet"
    found = f"\nEvery head that was noted outside the database is in the chain ({len(noted)})." if noted else ""
    click.echo(f"{sealed}; {waiting} transfers wait to be sealed. Head: {end.hash}{found}")


@ledger.command("seal")
@with_appcontext
def seal() -> None:
    """Seal what is new now, as the worker does every few seconds; print the head hash to be noted elsewhere."""
    sealed = seal_pending(database(), now=utcnow())
    with database().reading() as session:
        click.echo(f"{sealed} transfers sealed. Head: {head(session).hash}")


@ledger.command("export")
@click.option("--format", "kind", type=click.Choice([*(f.value for f in journal.JournalFormat), LOTS]), required=True)
@with_appcontext
def export(kind: str) -> None:
    """Print the journal for an outside accountant, or the lots of points as CSV: accounts by number, never names."""
    with database().snapshot() as session:
        if kind == LOTS:
            _print_lots(session)
            return
        for line in journal.journal(session, journal.JournalFormat(kind)):
            click.echo(line)


def _print_lots(session: Session) -> None:
    """One line a lot; a lot that never expires has no day."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(("lot", "owner", *LOT_FIELDS[2:]))
    for row in all_lots(session):
        rows.writerow(["" if cell in (NEVER, NO_GRACE) else cell for cell in row])
        if written.tell() > _AT_ONCE:
            click.echo(written.getvalue(), nl=False)
            written.seek(0)
            written.truncate()
    click.echo(written.getvalue(), nl=False)
