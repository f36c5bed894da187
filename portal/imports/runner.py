"""The engine itself: from the bytes of a file to a batch that is done or undone. For commands and jobs, which hand in the database."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.imports.actions.batches import end_batch, measure_batch, open_batch, report_rows
from portal.imports.actions.chunks import RowRefused, Task, apply_chunk
from portal.imports.actions.undoing import rows_left, undo_chunk
from portal.imports.contract import Comparing, Gathering, Importer, Judging
from portal.imports.models import ImportBatch
from portal.imports.queries import get_batch, rows_begun, subjects_for
from portal.imports.rules.plans import Plan, complete
from portal.imports.rules.reading import Progress, Reading, Reported, read_records, set_aside, tell_besides
from portal.imports.rules.records import BatchState, Context, Difference, Fault, Outcome, Record
from portal.imports.rules.tables import Table, read_table
from portal.kernel.actor import ADMIN, Actor, system
from portal.kernel.db import Database, programme_zone

CHUNK, REPORTED_AT_ONCE = 200, 1_000
GAP = 0.12
RACES = 5
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
Clock = Callable[[], datetime]


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Prepared:
    """A file that was read and checked whole. ``plan`` is complete, ``fingerprint`` is file and plan together."""

    importer: Importer
    source: str
    plan: Plan
    table: Table
    reading: Reading
    fingerprint: str

    def tasks(self, begun: Mapping[int, tuple[str, int]]) -> list[Task]:
        """Return every step that is still to be done, in order of time, then of the lines."""
        found = []
        for record in self.reading.records:
            outcome, done = begun.get(record.line, ("", 0))
            if outcome not in (Outcome.BAD, Outcome.REPEATED):
                steps = self.importer.steps(record)
                found += [Task(record, index, step) for index, step in enumerate(steps) if index >= done]
        return sorted(found, key=lambda task: (task.step.at or EARLIEST, task.record.line, task.index))


def prepare(
    database: Database,
    importer: Importer,
    *,
    content: bytes,
    plan: Plan,
    source: str,
    now: datetime,
    starter_id: int | None = None,
    table: Table | None = None,
    on_progress: Progress = _silent,
) -> Prepared:
    """Read and check every row of ``content``. Writes nothing. Refuses a file or a plan that cannot be used at all.

    ``table`` is the content read already. Rows are read while no connection is held: that takes minutes for a large file.
    """
    table = table or read_table(content)
    whole = complete(plan, importer.fields, table.header)
    with database.reading() as session:
        zone = programme_zone(session)
    reading = read_records(table, whole, importer.fields, zone, on_progress=on_progress)
    with database.reading() as session:
        context = Context(source, zone, now, starter_id=starter_id)
        judged = set_aside(reading, importer.check(session, reading.records, context))
        if isinstance(importer, Judging):
            judged = tell_besides(judged, importer.also_wrong(session, reading.unread, context))
    return Prepared(importer, source, whole, table, judged, _fingerprint(importer.name, source, whole, content))


def foresee(session: Session, prepared: Prepared, now: datetime) -> dict[str, int]:
    """Return what importing would come to, by outcome. Writes nothing."""
    importer, records = prepared.importer, prepared.reading.records
    context = Context(prepared.source, programme_zone(session), now, is_overwriting=prepared.plan.is_overwriting)
    known = subjects_for(session, importer, records, context)
    again = [
        importer.would_change(session, record, known[record.external_id], context) for record in _again(session, importer, records, known, context)
    ]
    counts = {Outcome.CREATED: len(records) - len(again), Outcome.CHANGED: sum(again), Outcome.UNCHANGED: len(again) - sum(again)}
    counts |= {outcome: prepared.reading.count(outcome) for outcome in (Outcome.REPEATED, Outcome.BAD)}
    return {outcome.value: count for outcome, count in counts.items()}


def differences_in(session: Session, prepared: Prepared, now: datetime) -> list[Difference]:
    """Return, field by field, where the file says otherwise than the portal; nothing of an importer that changes nothing. Writes nothing."""
    importer, records = prepared.importer, prepared.reading.records
    if not isinstance(importer, Comparing):
        return []
    context = Context(prepared.source, programme_zone(session), now, is_overwriting=prepared.plan.is_overwriting)
    known = subjects_for(session, prepared.importer, records, context)
    again = _again(session, importer, records, known, context)
    return [one for record in again for one in importer.differences(session, record, known[record.external_id], context)]


def _again(session: Session, importer: Importer, records: Sequence[Record], known: Mapping[str, int], context: Context) -> Iterator[Record]:
    """Give the records of what is here already; what an importer compares them with it reads for some hundred at once, where it can."""
    again = [record for record in records if record.external_id in known]
    for start in range(0, len(again), CHUNK):
        some = again[start : start + CHUNK]
        if isinstance(importer, Gathering):
            importer.gather(session, some, known, context)
        yield from some


def remarks_on(session: Session, prepared: Prepared, now: datetime, starter_id: int | None = None) -> list[Fault]:
    """Return what its importer has to say about the whole file before it is imported."""
    is_overwriting = prepared.plan.is_overwriting
    context = Context(prepared.source, programme_zone(session), now, starter_id=starter_id, is_overwriting=is_overwriting)
    return list(prepared.importer.remarks(session, prepared.reading.records, context))


def open_and_run(database: Database, actor: Actor, prepared: Prepared, *, filename: str, clock: Clock, on_progress: Progress) -> tuple[int, bool]:
    """Import a prepared file: go on where an earlier process was killed, or begin. Returns the batch and whether it was resumed."""

    def begin(session: Session) -> tuple[int, bool]:
        batch = open_batch(
            session,
            actor,
            kind=prepared.importer.name,
            source=prepared.source,
            filename=filename,
            fingerprint=prepared.fingerprint,
            plan=prepared.plan,
            rows_total=prepared.reading.total,
            now=clock(),
        )
        return batch.id, batch.steps_done > 0

    batch_id, is_resumed = database.write(begin)
    run(database, batch_id, prepared, clock=clock, on_progress=on_progress)
    return batch_id, is_resumed


def run(database: Database, batch_id: int, prepared: Prepared, *, clock: Clock, on_progress: Progress = _silent) -> None:
    """Do what is left of a running batch. Good rows are committed in chunks; with all-or-nothing in one piece, and only if no row is bad.

    Raises ``ImportTaken`` when another process moves the batch.
    """
    _report(database, batch_id, prepared.reading.reported)
    if prepared.plan.is_all_or_nothing and prepared.reading.count(Outcome.BAD):
        database.write(lambda s: end_batch(s, batch_id=batch_id, state=BatchState.FAILED, now=clock()))
        return
    tasks, position, actor = _measure(database, batch_id, prepared)
    total = position + len(tasks)
    size = max(len(tasks), 1) if prepared.plan.is_all_or_nothing else CHUNK
    on_progress(position, total)
    for start in range(0, len(tasks), size):
        chunk = tasks[start : start + size]
        bad = _do_chunk(database, actor, batch_id, prepared, chunk, position, clock)
        if bad is not None:
            database.write(lambda s, bad=bad: _fail(s, batch_id, bad, clock()))  # type: ignore[misc]
            return
        position += len(chunk)
        on_progress(position, total)
        _let_others_write(database)
    database.write(lambda s: end_batch(s, batch_id=batch_id, state=BatchState.DONE, now=clock()))


def undo(database: Database, batch_id: int, importer: Importer, *, clock: Clock, on_progress: Progress = _silent) -> None:
    """Take back a batch that is marked for undoing, chunk by chunk."""
    with database.reading() as session:
        total = rows_left(session, batch_id)
    done = 0
    while count := database.write(lambda s: undo_chunk(s, system("import"), batch_id=batch_id, importer=importer, size=CHUNK, now=clock())):
        done += count
        on_progress(done, max(total, done))
        _let_others_write(database)


def _let_others_write(database: Database) -> None:
    """On SQLite there is one writer, and those who wait look only every tenth of a second: leave them a gap between two chunks."""
    if database.is_sqlite:
        time.sleep(GAP)


def _fingerprint(kind: str, source: str, plan: Plan, content: bytes) -> str:
    said = json.dumps([kind, source, plan.plain()], sort_keys=True).encode()
    return hashlib.sha256(said + b"\0" + hashlib.sha256(content).digest()).hexdigest()


def _report(database: Database, batch_id: int, reported: list[Reported]) -> None:
    """Write down the rows that will not be imported, some at a time."""
    for start in range(0, len(reported), REPORTED_AT_ONCE):
        if start:
            _let_others_write(database)
        some = reported[start : start + REPORTED_AT_ONCE]
        database.write(lambda s, some=some: report_rows(s, batch_id=batch_id, reported=some))  # type: ignore[misc]


def _measure(database: Database, batch_id: int, prepared: Prepared) -> tuple[list[Task], int, Actor]:
    """Return what is left to do, how much is done, and who imports; the batch learns how much there is in all."""
    with database.reading() as session:
        batch = get_batch(session, batch_id)
        begun = rows_begun(session, batch_id)
    tasks, done = prepared.tasks(begun), batch.steps_done
    total = {"steps_total": done + len(tasks), "rows_total": prepared.reading.total}
    database.write(lambda s: measure_batch(s, batch_id=batch_id, steps_done=done, **total))
    return tasks, done, _actor_of(batch)


def _actor_of(batch: ImportBatch) -> Actor:
    """Return the admin who imports, with the import's privilege, so that nobody pays themselves by a file; the portal itself for the command line."""
    return system("import") if batch.started_by_id is None else Actor(batch.started_by_id, frozenset({ADMIN}), origin="import")


def _do_chunk(database: Database, actor: Actor, batch_id: int, prepared: Prepared, chunk: list[Task], position: int, clock: Clock) -> Reported | None:
    """Do one chunk; again without a row that a room refuses. With all-or-nothing, return that row instead."""
    refused: dict[int, Any] = {}
    races = 0

    def work(session: Session) -> None:
        now = clock()
        context = Context(prepared.source, programme_zone(session), now, batch_id, prepared.plan.is_notifying, actor.id, prepared.plan.is_overwriting)
        given = {"importer": prepared.importer, "context": context, "tasks": chunk, "position": position, "refused": refused}
        apply_chunk(session, actor, batch_id=batch_id, now=now, **given)  # type: ignore[arg-type]

    while True:
        try:
            database.write(work)
        except RowRefused as row:
            if prepared.plan.is_all_or_nothing:
                external_id = next(task.record.external_id for task in chunk if task.record.line == row.line)
                return Reported(row.line, external_id, Outcome.BAD, (row.fault,))
            refused[row.line] = row.fault
        except IntegrityError:
            # Somebody else wrote one of these a moment earlier (an address, an external id); the next try finds it.
            races += 1
            if races > RACES:
                raise
        else:
            return None


def _fail(session: Session, batch_id: int, bad: Reported, now: datetime) -> None:
    report_rows(session, batch_id=batch_id, reported=[bad])
    end_batch(session, batch_id=batch_id, state=BatchState.FAILED, now=now)
