"""What the worker does for the admin pages: check an upload, run it, undo it. Each goes on where a killed worker stopped."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.files.queries import get_file
from portal.files.storage import Storage
from portal.imports import runner
from portal.imports.actions.batches import save_check
from portal.imports.contract import Importer
from portal.imports.models import ImportBatch
from portal.imports.queries import get_batch
from portal.imports.rules.plans import plan_from
from portal.imports.rules.records import BatchState
from portal.imports.rules.refusals import ImportTaken, NothingToUndo
from portal.imports.rules.reports import report_of
from portal.imports.runner import Prepared
from portal.kernel.clock import micros, utcnow
from portal.kernel.db import Database
from portal.notifications.actions import enqueue
from portal.web.logs import log

CHECK, RUN, UNDO = "imports.check", "imports.run", "imports.undo"
PREVIEWED_ROWS, PREVIEWED_REPORTS = 5, 20
Job = Callable[[Database, dict[str, Any], datetime], None]


def promise(session: Session, topic: str, batch_id: int, now: datetime) -> None:
    """Promise a job on a batch. Promising twice is harmless: the batch's state decides."""
    enqueue(session, topic=topic, payload={"batch_id": batch_id}, key=f"{topic}:{batch_id}:{micros(now)}", now=now)


def handlers(importers: Sequence[Importer], storage: Storage) -> dict[str, Job]:
    """Return the jobs by topic, knowing the importers and where uploads lie."""
    jobs = _Jobs({importer.name: importer for importer in importers}, storage)
    return {CHECK: jobs.check, RUN: jobs.run, UNDO: jobs.undo}


def content_of(session: Session, batch: ImportBatch, storage: Storage) -> bytes:
    """Return the bytes of the upload."""
    assert batch.file_id is not None
    return storage.path(get_file(session, batch.file_id).storage_name).read_bytes()


class _Jobs:
    def __init__(self, importers: dict[str, Importer], storage: Storage) -> None:
        self.importers, self.storage = importers, storage

    def check(self, database: Database, payload: dict[str, Any], now: datetime) -> None:
        """Check every row of an upload and keep what was found."""
        batch, prepared = self._prepared(database, payload["batch_id"], BatchState.CHECKING, now)
        if prepared is None:
            return
        with database.reading() as session:
            counts = runner.foresee(session, prepared, now)
        reports = [report_of(row) for row in prepared.reading.reported[:PREVIEWED_REPORTS]]
        records = prepared.reading.records[:PREVIEWED_ROWS]
        preview = {
            "counts": counts,
            "columns": [name for name in _filled(prepared) if name != "external_id"],
            "sample": [{"line": r.line, "external_id": r.external_id, **{k: _shown(r[k]) for k in _filled(prepared)}} for r in records],
            "reports": [{"line": r.line, "external_id": r.external_id, "outcome": r.outcome, "faults": list(r.faults)} for r in reports],
        }
        found = {"plan": batch.plan, "fingerprint": prepared.fingerprint, "preview": preview, "rows_total": prepared.reading.total}
        database.write(lambda session: save_check(session, batch_id=batch.id, **found))  # type: ignore[arg-type]

    def run(self, database: Database, payload: dict[str, Any], now: datetime) -> None:
        """Do what is left of a batch."""
        batch, prepared = self._prepared(database, payload["batch_id"], BatchState.RUNNING, now)
        if prepared is None:
            return
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

    def _prepared(self, database: Database, batch_id: int, state: BatchState, now: datetime) -> tuple[ImportBatch, Prepared | None]:
        """Return the batch, and its file checked anew if the batch is in the state that the job is for."""
        with database.reading() as session:
            batch = get_batch(session, batch_id)
            if batch.state != state:
                return batch, None
            content, plan = content_of(session, batch, self.storage), plan_from(batch.plan)
            given = {"content": content, "plan": plan, "source": batch.source, "starter_id": batch.started_by_id}
            return batch, runner.prepare(session, self.importers[batch.kind], **given, now=now)  # type: ignore[arg-type]


def _filled(prepared: Prepared) -> list[str]:
    return [f.name for f in prepared.importer.fields if f.name in prepared.plan.columns or f.name in prepared.plan.constants]


def _shown(value: Any) -> Any:
    return value.isoformat(" ", "seconds") if isinstance(value, datetime) else value
