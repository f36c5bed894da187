"""Reading batches, their rows, and what other systems call things."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Select, String, cast, func, or_, select
from sqlalchemy.orm import Session

from portal.imports.contract import Importer, Telling
from portal.imports.models import ImportBatch, ImportIdentity, ImportRow
from portal.imports.rules.records import BatchState, Context, Difference, Outcome, Record
from portal.kernel.errors import NotFound
from portal.kernel.text import like_pattern
from portal.web.paging import Page, page_by

IDS_AT_ONCE = 500
REPORTED = (Outcome.BAD, Outcome.REPEATED)


def get_batch(session: Session, batch_id: int) -> ImportBatch:
    """Return the batch; refuses with ``NotFound``."""
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        raise NotFound()
    return batch


def find_running(session: Session, fingerprint: str) -> ImportBatch | None:
    """Return the unfinished batch of the same file and plan, or None."""
    return session.scalar(select(ImportBatch).where(ImportBatch.fingerprint == fingerprint, ImportBatch.state == BatchState.RUNNING))


def list_batches(session: Session, *, q: str = "", kind: str = "", state: str = "", after: str | None = None) -> Page:
    """Return a page of batches, newest first. ``q`` is searched in file names and sources."""
    return page_by(session, _wanted(q, kind, state), [(ImportBatch.id, True)], after=after)


def all_batches(session: Session, *, q: str = "", kind: str = "", state: str = "") -> Iterator[ImportBatch]:
    """Give every batch that matches, newest first."""
    yield from session.scalars(_wanted(q, kind, state).order_by(ImportBatch.id.desc()).execution_options(yield_per=IDS_AT_ONCE))


def latest_batches(session: Session, limit: int) -> list[ImportBatch]:
    """Return the newest batches."""
    return list(session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(limit)))


def counts_of(session: Session, batch_id: int) -> dict[str, int]:
    """Return how many rows of the batch came to each outcome; every outcome is there, and ``kept``: rows that undoing left alone."""
    found = select(ImportRow.outcome, func.count()).where(ImportRow.batch_id == batch_id).group_by(ImportRow.outcome)
    counts = {outcome.value: 0 for outcome in Outcome} | {str(outcome): count for outcome, count in session.execute(found)}
    kept = select(func.count()).select_from(ImportRow).where(ImportRow.batch_id == batch_id, ImportRow.is_kept)
    return counts | {"kept": session.scalar(kept) or 0}


def reported_rows(session: Session, batch_id: int, limit: int | None = None) -> list[ImportRow]:
    """Return the rows that were not imported, in order of their lines."""
    found = select(ImportRow).where(ImportRow.batch_id == batch_id, ImportRow.outcome.in_(REPORTED)).order_by(ImportRow.line)
    return list(session.scalars(found.limit(limit)))


def kept_rows(session: Session, batch_id: int, limit: int | None = None) -> list[ImportRow]:
    """Return the rows that undoing left alone and of which it is known why, in order of their lines; why is the last of their faults."""
    kept = (ImportRow.batch_id == batch_id, ImportRow.is_kept, func.length(cast(ImportRow.faults, String)) > 2)
    return list(session.scalars(select(ImportRow).where(*kept).order_by(ImportRow.line).limit(limit)))


def differences_of(session: Session, batch_id: int, importer: object, limit: int | None = None) -> list[Difference]:
    """Return, field by field, what a batch of ``importer`` changed and what it left alone, in order of the lines; of at most ``limit`` rows."""
    changed = or_(ImportRow.outcome == Outcome.CHANGED, ImportRow.outcome == Outcome.UNCHANGED)
    told = or_(ImportRow.outcome == Outcome.CHANGED, func.length(cast(ImportRow.faults, String)) > 2)
    rows = session.scalars(select(ImportRow).where(ImportRow.batch_id == batch_id, changed, told).order_by(ImportRow.line).limit(limit))
    found = [one for row in rows for one in _differences(row)]
    return list(importer.told(session, found)) if isinstance(importer, Telling) else found


def _differences(row: ImportRow) -> Iterator[Difference]:
    """What an importer keeps to put back is the difference, where it keeps pairs."""
    for name, pair in (row.before or {}).items():
        if isinstance(pair, list) and len(pair) == 2:
            yield Difference(row.line, row.external_id, name, pair[0], pair[1])
    for note in row.faults:
        if note["field"]:
            yield Difference(row.line, row.external_id, note["field"], note["facts"].get("here", ""), note["facts"].get("value", ""), is_kept=True)


def rows_begun(session: Session, batch_id: int) -> dict[int, tuple[str, int]]:
    """Return outcome and number of steps done of every row that the batch has dealt with, by line."""
    found = select(ImportRow.line, ImportRow.outcome, ImportRow.steps_done).where(ImportRow.batch_id == batch_id)
    return {line: (outcome, steps) for line, outcome, steps in session.execute(found)}


def known_subjects(session: Session, kind: str, source: str, external_ids: Collection[str]) -> dict[str, int]:
    """Return what each of ``external_ids`` stands for already; who is unknown is left out."""
    known: dict[str, int] = {}
    for some in _portions(external_ids):
        found = select(ImportIdentity.external_id, ImportIdentity.subject_id).where(
            ImportIdentity.kind == kind, ImportIdentity.source == source, ImportIdentity.external_id.in_(some)
        )
        known.update((external_id, subject_id) for external_id, subject_id in session.execute(found))
    return known


def identified(session: Session, kind: str, source: str, subject_ids: Collection[int]) -> set[int]:
    """Return those of ``subject_ids`` that ``source`` has a name for already."""
    found: set[int] = set()
    for some in _portions(subject_ids):
        named = select(ImportIdentity.subject_id).where(
            ImportIdentity.kind == kind, ImportIdentity.source == source, ImportIdentity.subject_id.in_(some)
        )
        found.update(session.scalars(named))
    return found


def subjects_for(session: Session, importer: Importer, records: Sequence[Record], context: Context) -> dict[str, int]:
    """Return what each record stands for already: by its external id, or because the importer finds it here without one. Each thing once."""
    known = known_subjects(session, importer.name, context.source, {record.external_id for record in records})
    strangers = [record for record in records if record.external_id not in known]
    found = importer.match(session, strangers, context) if strangers else {}
    taken = identified(session, importer.name, context.source, set(found.values()))
    for record in strangers:
        subject_id = found.get(record.line)
        if subject_id is not None and subject_id not in taken:
            taken.add(subject_id)
            known[record.external_id] = subject_id
    return known


def find_subject(session: Session, kind: str, source: str, external_id: str) -> int | None:
    """Return what ``source`` calls ``external_id``, or None."""
    return known_subjects(session, kind, source, [external_id]).get(external_id)


def known_values(batch: ImportBatch) -> dict[str, list[str]]:
    """Return the different values of columns, as far as a check of the whole file has found them."""
    found: dict[str, list[str]] = (batch.preview or {}).get("values", {})
    return found


def progress(batch: ImportBatch) -> int:
    """Return how far a batch is with its import, or with being checked, in percent."""
    return 100 * batch.steps_done // batch.steps_total if batch.steps_total else 0


def _wanted(q: str, kind: str, state: str) -> Select[Any]:
    found = select(ImportBatch)
    if q:
        pattern = like_pattern(q.lower())
        found = found.where(or_(*(func.lower(column).like(pattern, escape="\\") for column in (ImportBatch.filename, ImportBatch.source))))
    if kind:
        found = found.where(ImportBatch.kind == kind)
    return found.where(ImportBatch.state == state) if state else found


def _portions(items: Collection[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while some := list(islice(rest, IDS_AT_ONCE)):
        yield some
