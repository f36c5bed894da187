"""Undoing a batch, chunk by chunk, the last row first."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.imports.actions.chunks import fault_of
from portal.imports.contract import DoneRow, Importer
from portal.imports.models import ImportBatch, ImportIdentity, ImportRow
from portal.imports.queries import counts_of, get_batch
from portal.imports.rules.records import BatchState, Outcome
from portal.imports.rules.refusals import NothingToUndo
from portal.kernel.actor import Actor
from portal.kernel.errors import Refusal

UNDOABLE = (BatchState.DONE, BatchState.RUNNING, BatchState.UNDOING)
TOUCHED = (Outcome.CREATED, Outcome.CHANGED, Outcome.BAD)


def start_undo(session: Session, actor: Actor, *, batch_id: int, now: datetime) -> ImportBatch:
    """Stop a batch if it runs, and mark it for undoing; one that is being undone goes on. Refuses one that wrote nothing or is undone."""
    batch = get_batch(session, batch_id)
    marked = update(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.state.in_(UNDOABLE)).values(state=BatchState.UNDOING)
    if session.execute(marked.execution_options(synchronize_session=False)).rowcount != 1:  # type: ignore[attr-defined]
        raise NothingToUndo(batch=batch_id)
    session.refresh(batch)
    record(session, actor, "import.undo_started", "import", batch_id, now=now, kind=batch.kind, filename=batch.filename)
    return batch


def undo_chunk(session: Session, actor: Actor, *, batch_id: int, importer: Importer, size: int, now: datetime) -> int:
    """Take back up to ``size`` rows and return how many; when none is left the batch is undone.

    Frees the external ids of what is gone. What is in use is kept with its external id.
    """
    _hold(session, batch_id)
    rows = _left(session, batch_id, size)
    if not rows:
        _finish(session, actor, batch_id, now)
        return 0
    for row in rows:
        row.is_kept = not _undo_row(session, actor, importer, row, now)
        row.undone_at = now
    session.flush()
    freed = [row.external_id for row in rows if not row.is_kept]
    mine = delete(ImportIdentity).where(ImportIdentity.kind == importer.name, ImportIdentity.batch_id == batch_id)
    session.execute(mine.where(ImportIdentity.external_id.in_(freed)).execution_options(synchronize_session=False))
    return len(rows)


def rows_left(session: Session, batch_id: int) -> int:
    """Return how many rows of a batch undoing would touch."""
    return len(session.scalars(select(ImportRow.id).where(*_touched(batch_id))).all())


def _hold(session: Session, batch_id: int) -> None:
    """Lock the batch, so that two processes that undo it take turns. Refuses one that is not being undone any more."""
    same = update(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.state == BatchState.UNDOING).values(state=BatchState.UNDOING)
    if session.execute(same.execution_options(synchronize_session=False)).rowcount != 1:  # type: ignore[attr-defined]
        raise NothingToUndo(batch=batch_id)


def _touched(batch_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        ImportRow.batch_id == batch_id,
        ImportRow.outcome.in_(TOUCHED),
        ImportRow.subject_id.is_not(None),
        ImportRow.undone_at.is_(None),
    )


def _left(session: Session, batch_id: int, size: int) -> list[ImportRow]:
    found = select(ImportRow).where(*_touched(batch_id)).order_by(ImportRow.id.desc()).limit(size)
    return list(session.scalars(found))


def _undo_row(session: Session, actor: Actor, importer: Importer, row: ImportRow, now: datetime) -> bool:
    assert row.subject_id is not None
    done = DoneRow(row.batch_id, row.id, Outcome(row.outcome), row.subject_id, row.before)
    try:
        with session.begin_nested():
            return importer.undo(session, actor, done, now)
    except Refusal as refusal:
        row.faults = [*row.faults, fault_of(refusal).plain()]
        return False


def _finish(session: Session, actor: Actor, batch_id: int, now: datetime) -> None:
    untouched = select(ImportRow.external_id).where(ImportRow.batch_id == batch_id, ImportRow.outcome == Outcome.UNCHANGED)
    taken_over = delete(ImportIdentity).where(ImportIdentity.batch_id == batch_id, ImportIdentity.external_id.in_(untouched))
    session.execute(taken_over.execution_options(synchronize_session=False))
    counts = counts_of(session, batch_id)
    ended = update(ImportBatch).where(ImportBatch.id == batch_id).values(state=BatchState.UNDONE, undone_at=now, counts=counts)
    session.execute(ended.execution_options(synchronize_session=False))
    record(session, actor, "import.undone", "import", batch_id, now=now, kept=counts["kept"])
