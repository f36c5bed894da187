"""``flask import KIND FILE``, ``flask import list``, ``flask import undo BATCH``."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from portal.imports import runner
from portal.imports.actions.undoing import start_undo
from portal.imports.contract import Importer
from portal.imports.models import ImportRow
from portal.imports.queries import counts_of, differences_of, get_batch, kept_rows, latest_batches, progress, reported_rows
from portal.imports.rules.plans import Plan, parse_pairs, parse_values
from portal.imports.rules.records import STATE_NAMES, BatchState, Difference, Outcome
from portal.imports.rules.reports import HEADER, Report, report_of
from portal.imports.runner import Prepared
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.web.exports import csv_text
from portal.web.transaction import database

CLI = system("cli")
SHOWN = 10
LISTED = 20


class CannotBegin(click.ClickException):
    """The import could not begin, or another process has it."""

    exit_code = 2


def import_group(importers: Sequence[Importer]) -> click.Group:
    """Return the command with one sub-command for each importer."""
    group = click.Group("import", help="Import a CSV file (with or without gzip), list imports, undo one.")
    for importer in importers:
        group.add_command(_command(importer))
    group.add_command(list_imports)
    group.add_command(_undo_command({importer.name: importer for importer in importers}))
    return group


def _command(importer: Importer) -> click.Command:
    lines = [f"{f.name}{' (required)' if f.is_required else ''}: {f.help}." for f in importer.fields]
    text = f"Import {importer.name} from FILE.\n\nA column named like a field fills it. Fields:\n\n\b\n" + "\n".join(lines)
    return click.Command(
        importer.name, callback=with_appcontext(_running(importer)), params=_params(), help=text, short_help=f"Import {importer.name}."
    )


def _params() -> list[click.Parameter]:
    return [
        click.Argument(["file"], type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        click.Option(["--map", "maps"], multiple=True, metavar="FIELD=COLUMN", help="Fill a field from a column."),
        click.Option(["--set", "sets"], multiple=True, metavar="FIELD=CONSTANT", help="Fill a field with the same in every row."),
        click.Option(["--value", "values"], multiple=True, metavar="FIELD:FROM=TO", help="What a value means; FROM * is any other value."),
        click.Option(["--source"], default="default", show_default=True, help="The system that the external ids are from."),
        click.Option(["--dry-run"], is_flag=True, help="Check every row and write nothing."),
        click.Option(["--all-or-nothing"], is_flag=True, help="Commit nothing if one row is bad."),
        click.Option(["--errors"], type=click.Path(dir_okay=False, path_type=Path), help="Write the rows that were not imported to this CSV file."),
        click.Option(["--overwrite"], is_flag=True, help="Also write over what somebody changed by hand in the portal."),
        click.Option(["--differences"], type=click.Path(dir_okay=False, path_type=Path), help="Write every changed field to this CSV file."),
        click.Option(
            ["--notify"],
            is_flag=True,
            help="Tell people by mail, as if it happened now; without it points by hand make a notice only, all else is silent.",
        ),
    ]


def _running(importer: Importer) -> Callable[..., None]:
    def run(
        file: Path,
        maps: Sequence[str],
        sets: Sequence[str],
        values: Sequence[str],
        source: str,
        dry_run: bool,
        all_or_nothing: bool,
        errors: Path | None,
        overwrite: bool,
        differences: Path | None,
        notify: bool,
    ) -> None:
        with _refusals():
            told = (parse_pairs(maps, "field=column"), parse_pairs(sets, "field=constant"), parse_values(values))
            plan = Plan(*told, all_or_nothing, notify, overwrite)
            prepared = runner.prepare(database(), importer, content=file.read_bytes(), plan=plan, source=source, now=utcnow())
            counts, reports, found = _foresee(prepared) if dry_run else _import(prepared, file)
        _tell_differences(found, differences)
        _tell_reports(reports, errors)
        if counts[Outcome.BAD]:
            raise SystemExit(1)

    return run


Came = tuple[dict[str, int], list[Report], list[Difference]]


def _foresee(prepared: Prepared) -> Came:
    with database().reading() as session:
        counts, found = runner.foresee(session, prepared, utcnow()), runner.differences_in(session, prepared, utcnow())
    _tell_remarks(prepared)
    click.echo(f"Dry run, nothing was written: {_told(counts)}.")
    return counts, [report_of(row) for row in prepared.reading.reported], found


def _import(prepared: Prepared, file: Path) -> Came:
    table = prepared.table
    click.echo(f"{file.name}: {prepared.reading.total} rows, {table.encoding}, {len(prepared.reading.records)} to import.", err=True)
    _tell_remarks(prepared)
    with _bar("Importing") as on_progress:
        batch_id, is_resumed = runner.open_and_run(database(), CLI, prepared, filename=file.name, clock=utcnow, on_progress=on_progress)
    with database().reading() as session:
        batch, counts = get_batch(session, batch_id), counts_of(session, batch_id)
        reports = [_report_of_row(row) for row in reported_rows(session, batch_id)]
        found = differences_of(session, batch_id, prepared.importer)
    resumed = ", resumed" if is_resumed else ""
    if batch.state == BatchState.FAILED:
        click.echo(f"Batch {batch_id}{resumed}: nothing was imported, since {counts[Outcome.BAD]} rows are bad.")
    else:
        click.echo(f"Batch {batch_id}{resumed}: {_told(counts)}.")
    return counts, reports, found


@click.command("list")
@with_appcontext
def list_imports() -> None:
    """List the latest imports."""
    with database().reading() as session:
        for batch in latest_batches(session, LISTED):
            state = STATE_NAMES[BatchState(batch.state)] + (f" {progress(batch)}%" if batch.state == BatchState.RUNNING else "")
            told = _told(batch.counts) if batch.counts else f"{batch.rows_total} rows"
            click.echo(f"{batch.id:>5}  {batch.created_at:%Y-%m-%d %H:%M}  {batch.kind:<10}  {batch.source:<12}  {batch.filename}  {state}: {told}")


def _undo_command(importers: dict[str, Importer]) -> click.Command:
    @click.command("undo")
    @click.argument("batch_id", metavar="BATCH", type=int)
    @with_appcontext
    def undo(batch_id: int) -> None:
        """Take back what batch number BATCH did. Points are reversed, external ids are free again; what is in use is kept."""
        with _refusals():
            batch = database().write(lambda s: start_undo(s, CLI, batch_id=batch_id, now=utcnow()))
            with _bar("Undoing") as on_progress:
                runner.undo(database(), batch_id, importers[batch.kind], clock=utcnow, on_progress=on_progress)
        with database().reading() as session:
            kept = counts_of(session, batch_id)["kept"]
            told = [Report(row.line, row.external_id, row.outcome, row.faults[-1:]) for row in kept_rows(session, batch_id)]
        click.echo(f"Batch {batch_id} is undone." + (f" {kept} rows were kept, because they are in use." if kept else ""))
        for report in told:
            click.echo(f"  line {report.line}: {report.texts()[0]}")

    return undo


def _report_of_row(row: ImportRow) -> Report:
    return Report(row.line, row.external_id, row.outcome, row.faults)


def _tell_remarks(prepared: Prepared) -> None:
    with database().reading() as session:
        for remark in runner.remarks_on(session, prepared, utcnow()):
            click.echo(remark.text, err=True)


def _tell_differences(found: Sequence[Difference], file: Path | None) -> None:
    """Say what was changed, or would be, field by field; what stays as it is here is said first."""
    ordered = sorted(found, key=lambda one: not one.is_kept)
    for one in ordered[:SHOWN]:
        row = one.plain()
        told = f"stays {row['before']!r}, the file says {row['after']!r}" if one.is_kept else f"{row['before']!r} → {row['after']!r}"
        click.echo(f"line {one.line}, {one.external_id}: {one.field} {told}", err=True)
    if len(found) > SHOWN:
        click.echo(f"and {len(found) - SHOWN} more differences; --differences FILE.csv writes them all", err=True)
    if file is not None:
        names = ("line", "external_id", "field", "before", "after", "is_kept")
        rows = ([one.plain()[name] for name in names] for one in found)
        file.write_text(csv_text(names, rows), encoding="utf-8", newline="")


def _tell_reports(reports: Sequence[Report], errors: Path | None) -> None:
    for report in reports[:SHOWN]:
        for fault in report.texts():
            click.echo(f"line {report.line}: {fault}", err=True)
    if len(reports) > SHOWN:
        click.echo(f"and {len(reports) - SHOWN} more; --errors FILE.csv writes them all", err=True)
    if errors is not None:
        errors.write_text(csv_text(HEADER, (row for report in reports for row in report.rows())), encoding="utf-8", newline="")


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say a refusal in its sentence and leave with 2."""
    try:
        yield
    except Refusal as refusal:
        raise CannotBegin(str(refusal)) from refusal


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on a terminal; a killed command says nothing, so the bar says how to go on where it is stopped by hand."""
    made: list[Any] = []

    def on_progress(done: int, total: int) -> None:
        if not made:
            made.append(click.progressbar(length=total, label=label, file=sys.stderr))
            made[0].__enter__()
        made[0].update(done - made[0].pos)

    try:
        yield on_progress
    except KeyboardInterrupt:
        click.echo("\nStopped. The same command again goes on where it was; `flask import undo` takes it back.", err=True)
        raise SystemExit(130) from None
    finally:
        for bar in made:
            bar.__exit__(None, None, None)
