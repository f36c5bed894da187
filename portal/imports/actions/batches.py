"""The life of a batch: uploaded, planned, opened, finished, failed, dropped."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.imports.models import ImportBatch, ImportRow
from portal.imports.queries import counts_of, find_running, get_batch, known_values
from portal.imports.rules.plans import Plan
from portal.imports.rules.reading import Reported
from portal.imports.rules.records import UNSTARTED, BatchState, Fault
from portal.imports.rules.refusals import ImportTaken, NotReady
from portal.kernel.actor import Actor
from portal.kernel.db import violated

UNMEASURED = {"steps_done": 0, "steps_total": 0}


def upload_batch(
    session: Session, actor: Actor, *, kind: str, source: str, filename: str, file_id: int | None, plan: Plan, now: datetime
) -> ImportBatch:
    """Make a draft from an uploaded file, with a plan to start from."""
    batch = _new_batch(actor, kind, source, filename, "", plan, BatchState.DRAFT, now)
    batch.file_id = file_id
    session.add(batch)
    session.flush()
    record(session, actor, "import.uploaded", "import", batch.id, now=now, kind=kind, source=source, filename=batch.filename)
    return batch


def save_plan(session: Session, *, batch_id: int, plan: Plan, is_whole: bool) -> None:
    """Keep the plan of an upload. A whole one waits to be checked. Refuses an upload that was started."""
    state = BatchState.CHECKING if is_whole else BatchState.DRAFT
    known = known_values(get_batch(session, batch_id))
    preview = {"values": known} if known else None
    _move(session, batch_id, UNSTARTED, {"plan": plan.plain(), "preview": preview, "state": state, **UNMEASURED})


def save_progress(session: Session, *, batch_id: int, plan: dict[str, Any], done: int, total: int) -> bool:
    """Note how many rows of how many are checked, and tell whether the check is still waited for."""
    batch = _waiting_for(session, batch_id, plan)
    if batch is not None:
        batch.steps_done, batch.steps_total = done, total
        session.flush()
    return batch is not None


def save_check(session: Session, *, batch_id: int, plan: dict[str, Any], fingerprint: str, preview: dict[str, Any], rows_total: int) -> None:
    """Keep what checking an upload found, unless its plan was changed in the meantime or it is not waited for any more."""
    batch = _waiting_for(session, batch_id, plan)
    if batch is not None:
        batch.fingerprint, batch.preview, batch.rows_total, batch.state = fingerprint, preview, rows_total, BatchState.CHECKED
        batch.steps_done = batch.steps_total = 0
        session.flush()


def save_questions(session: Session, *, batch_id: int, plan: dict[str, Any], values: dict[str, list[str]], refused: Fault | None = None) -> None:
    """Give an upload that cannot be checked with its plan back to its admin: ``values`` by column need a meaning, or it was ``refused`` whole."""
    batch = _waiting_for(session, batch_id, plan)
    if batch is not None:
        known = known_values(batch) | values
        batch.preview = {"values": known, "refused": refused.plain() if refused else None}
        batch.state, batch.steps_done, batch.steps_total = BatchState.DRAFT, 0, 0
        session.flush()


def _waiting_for(session: Session, batch_id: int, plan: dict[str, Any]) -> ImportBatch | None:
    """Return the batch, locked, if it waits for the check of this plan."""
    waiting = update(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.state == BatchState.CHECKING)
    session.execute(waiting.values(state=BatchState.CHECKING).execution_options(synchronize_session=False))
    batch = session.get(ImportBatch, batch_id, populate_existing=True)
    return batch if batch is not None and batch.state == BatchState.CHECKING and batch.plan == plan else None


def start_batch(session: Session, actor: Actor, *, batch_id: int, now: datetime) -> ImportBatch:
    """Let a checked upload run. Refuses one that runs already, also under another number (``ImportTaken``)."""
    try:
        with session.begin_nested():
            _move(session, batch_id, (BatchState.CHECKED,), {"state": BatchState.RUNNING, "started_by_id": actor.id})
    except IntegrityError as error:
        if not violated(error, "import_batch", "fingerprint", name="uq_import_batch_running"):
            raise
        raise ImportTaken(batch=batch_id) from error
    batch = get_batch(session, batch_id)
    _record_start(session, actor, batch, now)
    return batch


def open_batch(
    session: Session, actor: Actor, *, kind: str, source: str, filename: str, fingerprint: str, plan: Plan, rows_total: int, now: datetime
) -> ImportBatch:
    """Return the batch that runs for this file and plan: the one that was killed half way, or a new one."""
    running = find_running(session, fingerprint)
    if running is not None:
        return running
    batch = _new_batch(actor, kind, source, filename, fingerprint, plan, BatchState.RUNNING, now)
    batch.rows_total = rows_total
    try:
        with session.begin_nested():
            session.add(batch)
    except IntegrityError as error:
        other = find_running(session, fingerprint)
        if other is None or not violated(error, "import_batch", "fingerprint", name="uq_import_batch_running"):
            raise
        return other
    _record_start(session, actor, batch, now)
    return batch


def measure_batch(session: Session, *, batch_id: int, steps_done: int, steps_total: int, rows_total: int) -> None:
    """Note how much there is to do. Refuses (``ImportTaken``) a batch that another process moved on since ``steps_done`` was read."""
    here = (ImportBatch.id == batch_id, ImportBatch.state == BatchState.RUNNING, ImportBatch.steps_done == steps_done)
    sized = update(ImportBatch).where(*here).values(steps_total=steps_total, rows_total=rows_total)
    if session.execute(sized.execution_options(synchronize_session=False)).rowcount != 1:  # type: ignore[attr-defined]
        raise ImportTaken(batch=batch_id)


def report_rows(session: Session, *, batch_id: int, reported: Sequence[Reported]) -> None:
    """Write down some of the rows that will not be imported, those that are not written down yet."""
    begun = select(ImportRow.line).where(ImportRow.batch_id == batch_id, ImportRow.line.in_([row.line for row in reported]))
    known = set(session.scalars(begun))
    missing = [_reported_row(batch_id, row) for row in reported if row.line not in known]
    if missing:
        session.execute(insert(ImportRow), missing)


def end_batch(session: Session, *, batch_id: int, state: BatchState, now: datetime) -> None:
    """Mark a running batch as done, or as failed with nothing committed."""
    ended: dict[str, Any] = {"state": state, "finished_at": now, "counts": counts_of(session, batch_id)}
    if state is BatchState.DONE:
        ended["steps_done"] = ImportBatch.steps_total
    _move(session, batch_id, (BatchState.RUNNING,), ended)


def drop_batch(session: Session, actor: Actor, *, batch_id: int, now: datetime) -> int:
    """Drop an upload that was never started, and return its file for erasing. Refuses one that was started."""
    batch = get_batch(session, batch_id)
    file_id = batch.file_id
    if batch.state not in UNSTARTED or file_id is None:
        raise NotReady()
    session.delete(batch)
    session.flush()
    record(session, actor, "import.dropped", "import", batch_id, now=now, filename=batch.filename)
    return file_id


def _new_batch(actor: Actor, kind: str, source: str, filename: str, fingerprint: str, plan: Plan, state: BatchState, now: datetime) -> ImportBatch:
    return ImportBatch(
        kind=kind,
        source=source[:80],
        filename=filename[:160],
        fingerprint=fingerprint,
        plan=plan.plain(),
        state=state,
        rows_total=0,
        steps_total=0,
        steps_done=0,
        started_by_id=actor.id,
        created_at=now,
    )


def _move(session: Session, batch_id: int, states: Sequence[BatchState], values: dict[str, Any]) -> None:
    guarded = update(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.state.in_(states)).values(values)
    if session.execute(guarded.execution_options(synchronize_session=False)).rowcount != 1:  # type: ignore[attr-defined]
        raise NotReady()
    session.expire_all()


def _record_start(session: Session, actor: Actor, batch: ImportBatch, now: datetime) -> None:
    record(session, actor, "import.started", "import", batch.id, now=now, kind=batch.kind, source=batch.source, filename=batch.filename)


def _reported_row(batch_id: int, row: Reported) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "line": row.line,
        "external_id": row.external_id,
        "outcome": row.outcome,
        "faults": [fault.plain() for fault in row.faults],
        "subject_id": None,
        "steps_done": 0,
        "before": None,
        "undone_at": None,
        "is_kept": False,
    }
