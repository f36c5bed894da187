"""From a table and a plan to records: every cell read, every fault told with its line, repeated external ids found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal.imports.rules.plans import ANY, Plan, translate
from portal.imports.rules.records import BadCell, Fault, Field, Outcome, Record
from portal.imports.rules.tables import Table
from portal.kernel.text import N_, clean_line

QUESTIONS = 30
TOLD_EVERY = 500
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Reported:
    """A row that is not imported, and why: repeated, or bad."""

    line: int
    external_id: str
    outcome: Outcome
    faults: tuple[Fault, ...]


@dataclass
class Reading:
    """A table, read: good records and reported rows, both in order of their lines. ``unread`` are those reported for their cells, as far as read."""

    records: list[Record] = field(default_factory=list)
    reported: list[Reported] = field(default_factory=list)
    unread: list[Record] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(1 for row in self.reported if row.outcome is outcome)

    @property
    def total(self) -> int:
        return len(self.records) + len(self.reported)


def read_records(table: Table, plan: Plan, fields: Sequence[Field], zone: str, *, on_progress: Progress = lambda done, total: None) -> Reading:
    """Return every row of ``table`` as a record or as reported. ``plan`` is complete. ``on_progress`` hears how many rows of how many are read."""
    reading = Reading(reported=[Reported(line, "", Outcome.BAD, (fault,)) for line, fault in table.broken])
    positions = {column: place for place, column in enumerate(table.header)}
    first: dict[str, int] = {}
    for number, (line, row) in enumerate(table.rows):
        if number % TOLD_EVERY == 0:
            on_progress(number, len(table.rows))
        cells = {f.name: _cell(f.name, row, plan, positions) for f in fields}
        values, faults = _values(cells, fields, zone)
        external_id = str(values.get("external_id") or cells.get("external_id", ""))[:200]
        if faults:
            reading.reported.append(Reported(line, external_id, Outcome.BAD, tuple(faults)))
            reading.unread.append(Record(line, external_id, values))
        elif external_id in first:
            same = Fault(N_("same external id as line %(line)s, first kept"), {"line": first[external_id]})
            reading.reported.append(Reported(line, external_id, Outcome.REPEATED, (same,)))
        else:
            first[external_id] = line
            reading.records.append(Record(line, external_id, values))
    reading.reported.sort(key=lambda reported: reported.line)
    return reading


def set_aside(reading: Reading, faults: Mapping[int, Sequence[Fault]]) -> Reading:
    """Return ``reading`` with the records that an importer found fault with reported as bad."""
    bad = [Reported(r.line, r.external_id, Outcome.BAD, tuple(faults[r.line])) for r in reading.records if faults.get(r.line)]
    good = [record for record in reading.records if not faults.get(record.line)]
    return Reading(good, sorted([*reading.reported, *bad], key=lambda reported: reported.line), reading.unread)


def tell_besides(reading: Reading, faults: Mapping[int, Sequence[Fault]]) -> Reading:
    """Return ``reading`` with what else is wrong with rows reported for their cells: of other cells alone."""

    def whole(row: Reported) -> Reported:
        told = {fault.field for fault in row.faults} | {None}
        return replace(row, faults=(*row.faults, *(fault for fault in faults.get(row.line, ()) if fault.field not in told)))

    return replace(reading, reported=[whole(row) for row in reading.reported])


def questions_of(
    table: Table, fields: Sequence[Field], columns: Mapping[str, str], known: Mapping[str, Sequence[str]] | None = None
) -> dict[str, list[str]]:
    """Return, by field that takes only certain words, the other values that its column holds. ``*`` stands for those past the limit.

    ``known`` are values of the whole file by column, where ``table`` is only its head.
    """
    values = values_of(table, fields, columns) | dict(known or {})
    questions = {}
    for f in fields:
        found = values.get(columns.get(f.name, ""))
        if f.choices and found is not None:
            others = [value for value in found if value not in f.choices]
            questions[f.name] = [*others[:QUESTIONS], ANY] if len(found) > QUESTIONS else others
    return questions


def values_of(table: Table, fields: Sequence[Field], columns: Mapping[str, str]) -> dict[str, list[str]]:
    """Return, by column that fills a field which takes only certain words, the different values in it, up to one past the limit."""
    asked = {columns.get(f.name, "") for f in fields if f.choices} - {""}
    return {column: distinct(table, column, QUESTIONS + 1) for column in sorted(asked) if table.header.count(column) == 1}


def unanswered(plan: Plan, questions: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether ``plan`` leaves the meaning of a value open. A meaning for any other value is one for all."""
    said = {name: plan.values.get(name, {}) for name in questions}
    return any(value not in said[name] and ANY not in said[name] for name, values in questions.items() for value in values)


def distinct(table: Table, column: str, limit: int) -> list[str]:
    """Return the first ``limit`` different values of ``column`` that are not empty."""
    place, seen, found = table.header.index(column), set[str](), dict[str, None]()
    for _, row in table.rows:
        cell = row[place]
        if cell in seen:
            continue
        seen.add(cell)
        value = clean_line(cell)
        if value:
            found[value] = None
            if len(found) == limit:
                break
    return list(found)


def _cell(name: str, row: list[str], plan: Plan, positions: Mapping[str, int]) -> str:
    column = plan.columns.get(name)
    raw = row[positions[column]] if column is not None else plan.constants.get(name, "")
    return translate(clean_line(raw), plan.values.get(name))


def _values(cells: Mapping[str, str], fields: Sequence[Field], zone: str) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {}
    faults = []
    for f in fields:
        text = cells[f.name]
        if not text:
            values[f.name] = None
            if f.is_required:
                faults.append(Fault(N_("is empty"), field=f.name))
            continue
        try:
            value = f.read(text)
            values[f.name] = _located(value, zone) if isinstance(value, datetime) else value
        except BadCell as bad:
            values[f.name] = None
            faults.append(Fault(bad.message, bad.facts, f.name))
    return values, faults


def _located(value: datetime, zone: str) -> datetime:
    return (value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
