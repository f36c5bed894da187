"""What the worker does for the admin pages: check an upload, run it, undo it. Each goes on where a killed worker stopped."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from portal.files.storage import Storage
from portal.imports import runner
from portal.imports.actions.batches import save_check, save_progress, save_questions
from portal.imports.actions.chunks import fault_of
from portal.imports.contract import Importer
from portal.imports.models import ImportBatch
from portal.imports.queries import get_batch
from portal.imports.rules.plans import complete, plan_from
from portal.imports.rules.reading import questions_of, unanswered, values_of
from portal.imports.rules.records import BatchState, Difference
from portal.imports.rules.refusals import ImportRefused, ImportTaken, NothingToUndo
from portal.imports.rules.reports import report_of
from portal.imports.rules.tables import read_table
from portal.imports.runner import Prepared
from portal.imports.uploads import content_of
from portal.kernel.clock import micros, utcnow
from portal.kernel.db import Database, programme_zone
from portal.kernel.errors import NotFound
from portal.notifications.actions import enqueue
from portal.web.logs import log

CHECK, RUN, UNDO = "imports.check", "imports.run", "imports.undo"
PREVIEWED_ROWS, PREVIEWED_REPORTS = 5, 20
PROGRESS_SECONDS = 1.0
Job = Callable[[Database, dict[str, Any], datetime], None]


def promise(session: Session, topic: str, batch_id: int, now: datetime) -> None:
    """Promise a job on a batch. Promising twice is harmless: the batch's state decides."""
    enqueue(session, topic=topic, payload={"batch_id": batch_id}, key=f"{topic}:{batch_id}:{micros(now)}", now=now)


def handlers(importers: Sequence[Importer], storage: Storage) -> dict[str, Job]:
    """Return the jobs by topic, knowing the importers and where uploads lie."""
    jobs = _Jobs({importer.name: importer for importer in importers}, storage)
    return {CHECK: jobs.check, RUN: jobs.run, UNDO: jobs.undo}


class NotWaitedFor(Exception):
    """The columns were given another meaning, or the upload was thrown away, while it was checked."""


class _Jobs:
    def __init__(self, importers: dict[str, Importer], storage: Storage) -> None:
        self.importers, self.storage = importers, storage

    def check(self, database: Database, payload: dict[str, Any], now: datetime) -> None:
        """Check every row of an upload and keep what was found; how far it is can be read all the while."""
        batch, content = self._upload(database, payload["batch_id"], BatchState.CHECKING)
        if batch is None:
            return
        try:
            keep = self._check(database, batch, content, now)
        except NotWaitedFor:
            log.info("nobody waits for this check any more", batch=batch.id)
            return
        except ImportRefused as refusal:
            keep = partial(save_questions, values={}, refused=fault_of(refusal))
        database.write(lambda session: keep(session, batch_id=batch.id, plan=batch.plan))

    def _check(self, database: Database, batch: ImportBatch, content: bytes, now: datetime) -> "partial[None]":
        """Return the action that keeps what was found. Where values further down the file have no meaning yet, it asks for one."""
        importer, plan, table = self.importers[batch.kind], plan_from(batch.plan), read_table(content)
        columns = complete(plan, importer.fields, table.header).columns
        values = values_of(table, importer.fields, columns)
        if unanswered(plan, questions_of(table, importer.fields, columns, values)):
            return partial(save_questions, values=values)
        given: dict[str, Any] = {"content": content, "table": table, "plan": plan, "source": batch.source, "starter_id": batch.started_by_id}
        prepared = runner.prepare(database, importer, **given, now=now, on_progress=_progress(database, batch))
        with database.reading() as session:
            counts = runner.foresee(session, prepared, now)
            zone = ZoneInfo(programme_zone(session))
            found = runner.differences_in(session, prepared, now)
            remarks = [remark.plain() for remark in runner.remarks_on(session, prepared, now, batch.started_by_id)]
        preview = _preview(prepared, counts, zone) | {"values": values, "remarks": remarks} | _compared(found)
        return partial(save_check, fingerprint=prepared.fingerprint, preview=preview, rows_total=prepared.reading.total)

    def run(self, database: Database, payload: dict[str, Any], now: datetime) -> None:
        """Do what is left of a batch."""
        batch, content = self._upload(database, payload["batch_id"], BatchState.RUNNING)
        if batch is None:
            return
        given: dict[str, Any] = {"content": content, "plan": plan_from(batch.plan), "source": batch.source, "starter_id": batch.started_by_id}
        prepared = runner.prepare(database, self.importers[batch.kind], **given, now=now)
        try:
            runner.run(database, batch.id, prepared, clock=utcnow)
        except ImportTaken:
            log.info("another process has the import", batch=batch.id)

    def undo(self, database: Database, payload: dict[str, Any], now: datetime) -> None:
        """Take back what is left of a batch."""
        with database.reading() as session:
            batch = get_batch(session, payload["batch_id"])
        try:
            runner.undo(database, batch.id, self.importers[batch.kind], clock=utcnow)
        except NothingToUndo:
            log.info("the import is undone already", batch=batch.id)

    def _upload(self, database: Database, batch_id: int, state: BatchState) -> tuple[ImportBatch | None, bytes]:
        """Return the batch and its file, or None if it is gone or not in the state that the job is for."""
        with database.reading() as session:
            try:
                batch = get_batch(session, batch_id)
            except NotFound:
                return None, b""
            return (batch, content_of(session, batch, self.storage)) if batch.state == state else (None, b"")


def _progress(database: Database, batch: ImportBatch) -> Callable[[int, int], None]:
    """Return what notes the progress of a check, once a second, and ends one that nobody waits for (``NotWaitedFor``)."""
    noted = -PROGRESS_SECONDS

    def note(done: int, total: int) -> None:
        nonlocal noted
        if time.monotonic() - noted < PROGRESS_SECONDS:
            return
        noted = time.monotonic()
        if not database.write(lambda session: save_progress(session, batch_id=batch.id, plan=batch.plan, done=done, total=total)):
            raise NotWaitedFor()

    return note


def _preview(prepared: Prepared, counts: dict[str, int], zone: tzinfo) -> dict[str, Any]:
    """Return what the page shows of a check, as JSON."""
    reports = [report_of(row) for row in prepared.reading.reported[:PREVIEWED_REPORTS]]
    records = prepared.reading.records[:PREVIEWED_ROWS]
    return {
        "counts": counts,
        "columns": [name for name in _filled(prepared) if name != "external_id"],
        "sample": [{"line": r.line, "external_id": r.external_id, **{k: _shown(r[k], zone) for k in _filled(prepared)}} for r in records],
        "reports": [{"line": r.line, "external_id": r.external_id, "outcome": r.outcome, "faults": list(r.faults)} for r in reports],
    }


def _compared(found: list[Difference]) -> dict[str, Any]:
    """Return the first differences, those that are left alone on top, and how many there are, as JSON."""
    ordered = sorted(found, key=lambda one: not one.is_kept)
    kept = sum(one.is_kept for one in found)
    return {"differences": [one.plain() for one in ordered[:PREVIEWED_REPORTS]], "differing": len(found), "kept": kept}


def _filled(prepared: Prepared) -> list[str]:
    return [f.name for f in prepared.importer.fields if f.name in prepared.plan.columns or f.name in prepared.plan.constants]


def _shown(value: Any, zone: tzinfo) -> Any:
    """Return a value as JSON: a moment by the programme's clock, and a day where it is the beginning of one."""
    if not isinstance(value, datetime):
        return value
    there = value.astimezone(zone)
    return there.date().isoformat() if there.hour == there.minute == there.second == 0 else there.isoformat(" ", "minutes")
