"""Doing one chunk of a batch: everything in it in one transaction, or nothing.

The first statement claims the chunk by moving ``steps_done`` from where it is expected. A second
process that works on the same batch, or one that was believed dead and wakes up, finds it moved and stops.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.imports.contract import Importer
from portal.imports.models import ImportBatch, ImportIdentity, ImportRow
from portal.imports.queries import known_subjects, subjects_for
from portal.imports.rules.records import Applied, BatchState, Context, Fault, Outcome, Record, Step, stronger
from portal.imports.rules.refusals import ImportTaken
from portal.kernel.actor import Actor
from portal.kernel.errors import Refusal


@dataclass(frozen=True)
class Task:
    """One step of one record; ``index`` counts the steps of the record from 0."""

    record: Record
    index: int
    step: Step


class RowRefused(Exception):
    """A room refused one row while it was applied. The chunk is done again without it."""

    def __init__(self, line: int, fault: Fault) -> None:
        self.line, self.fault = line, fault
        super().__init__(line, fault.text)


def apply_chunk(
    session: Session,
    actor: Actor,
    *,
    batch_id: int,
    importer: Importer,
    context: Context,
    tasks: Sequence[Task],
    position: int,
    refused: Mapping[int, Fault],
    now: datetime,
) -> None:
    """Do ``tasks``. Lines in ``refused`` are written down as bad instead. Raises ``RowRefused`` for a further one, ``ImportTaken`` for a rival."""
    _claim(session, batch_id, position, len(tasks))
    rows = _Rows(session, batch_id, importer, context, tasks)
    for task in tasks:
        line = task.record.line
        if line in refused:
            rows.refuse(task, refused[line])
            continue
        try:
            applied = importer.apply(session, actor, task.record, task.step, rows.subject(task), context, now)
        except Refusal as refusal:
            raise RowRefused(line, fault_of(refusal)) from refusal
        rows.note(task, applied)
    rows.write()


def fault_of(refusal: Refusal) -> Fault:
    """Return a refusal as a fault that can be stored."""
    facts = {name: value if isinstance(value, str | int | float | None) else str(value) for name, value in refusal.facts.items()}
    return Fault(refusal.message, facts, refusal.field)


def _claim(session: Session, batch_id: int, position: int, count: int) -> None:
    here = (ImportBatch.id == batch_id, ImportBatch.state == BatchState.RUNNING, ImportBatch.steps_done == position)
    moved = update(ImportBatch).where(*here).values(steps_done=position + count).execution_options(synchronize_session=False)
    if session.execute(moved).rowcount != 1:  # type: ignore[attr-defined]
        raise ImportTaken(batch=batch_id)


class _Rows:
    """What the chunk will write about its rows: gathered while it is done, written at its end."""

    def __init__(self, session: Session, batch_id: int, importer: Importer, context: Context, tasks: Sequence[Task]) -> None:
        self.session, self.batch_id, self.kind, self.source = session, batch_id, importer.name, context.source
        records = list({task.record.line: task.record for task in tasks}.values())
        self.identified = set(known_subjects(session, self.kind, self.source, {record.external_id for record in records}))
        self.known = subjects_for(session, importer, records, context)
        lines = {task.record.line for task in tasks if task.index > 0}
        begun = select(ImportRow).where(ImportRow.batch_id == batch_id, ImportRow.line.in_(lines))
        self.begun = {row.line: row for row in session.scalars(begun)} if lines else {}
        self.new: dict[int, dict[str, Any]] = {}
        self.identities: list[dict[str, Any]] = []

    def subject(self, task: Task) -> int | None:
        return self.known.get(task.record.external_id)

    def note(self, task: Task, applied: Applied) -> None:
        """Keep what a step did. A row is what the strongest of its steps made of it."""
        if task.record.external_id not in self.identified:
            self.identified.add(task.record.external_id)
            identity = {"kind": self.kind, "source": self.source, "external_id": task.record.external_id}
            self.identities.append(identity | {"subject_id": applied.subject_id, "batch_id": self.batch_id})
            self.known[task.record.external_id] = applied.subject_id
        was = self._values(task)
        outcome = stronger(Outcome(was["outcome"]) if was["outcome"] else None, applied.outcome)
        before = was["before"] if was["before"] is not None else applied.before
        self._set(task, outcome=outcome, subject_id=applied.subject_id, before=before, steps_done=task.index + 1)
        if applied.notes:
            self._set(task, faults=[note.plain() for note in applied.notes])

    def refuse(self, task: Task, fault: Fault) -> None:
        """Write the row down as bad; what an earlier chunk made of it stays linked, so that undo finds it."""
        self._set(task, outcome=Outcome.BAD, faults=[fault.plain()], subject_id=self._values(task)["subject_id"], steps_done=task.index + 1)

    def write(self) -> None:
        self.session.flush()
        if self.identities:
            self.session.execute(insert(ImportIdentity), self.identities)
        if self.new:
            self.session.execute(insert(ImportRow), list(self.new.values()))

    def _values(self, task: Task) -> dict[str, Any]:
        row = self.begun.get(task.record.line)
        if row is not None:
            return {"outcome": row.outcome, "before": row.before, "subject_id": row.subject_id}
        return self.new.get(task.record.line) or {"outcome": None, "before": None, "subject_id": None}

    def _set(self, task: Task, **values: Any) -> None:
        line = task.record.line
        row = self.begun.get(line)
        if row is not None:
            for name, value in values.items():
                setattr(row, name, value)
            return
        fresh = {"batch_id": self.batch_id, "line": line, "external_id": task.record.external_id, "faults": [], "before": None}
        self.new[line] = fresh | {"undone_at": None, "is_kept": False} | self.new.get(line, {}) | values
