"""The words of the engine: fields, faults, records, steps, outcomes, states."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.kernel.text import N_


class Outcome(StrEnum):
    """What came of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REPEATED = "repeated"
    BAD = "bad"


OUTCOME_NAMES = {
    Outcome.CREATED: N_("Created"),
    Outcome.CHANGED: N_("Changed"),
    Outcome.UNCHANGED: N_("Unchanged"),
    Outcome.REPEATED: N_("Repeated"),
    Outcome.BAD: N_("Bad"),
}


class BatchState(StrEnum):
    """Uploaded → checking → checked → running → done or failed (nothing committed); undone on request."""

    DRAFT = "draft"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


UNSTARTED = (BatchState.DRAFT, BatchState.CHECKING, BatchState.CHECKED)
STATE_NAMES = {
    BatchState.DRAFT: N_("Uploaded"),
    BatchState.CHECKING: N_("Being checked"),
    BatchState.CHECKED: N_("Checked"),
    BatchState.RUNNING: N_("Running"),
    BatchState.DONE: N_("Done"),
    BatchState.FAILED: N_("Nothing imported"),
    BatchState.UNDOING: N_("Being undone"),
    BatchState.UNDONE: N_("Undone"),
}


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a row. ``message`` is marked with ``N_``; it is translated where it is shown."""

    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    field: str | None = None

    @property
    def text(self) -> str:
        return self.message % self.facts

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"message": self.message, "facts": dict(self.facts), "field": self.field}


class BadCell(Exception):
    """A cell that cannot be read. Carries the sentence and its facts."""

    def __init__(self, message: str, **facts: Any) -> None:
        self.message, self.facts = message, facts
        super().__init__(message % facts)


def as_text(value: str) -> str:
    """Read a cell as it is, cleaned already."""
    return value


@dataclass(frozen=True)
class Field:
    """One thing a row can fill. ``aliases`` are column names that the mapping page takes as a guess, ``choices`` the only words allowed."""

    name: str
    help: str
    read: Callable[[str], Any] = as_text
    is_required: bool = False
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """What choices are called where people choose, by the word that stands in the file; marked for translation."""


@dataclass(frozen=True)
class Record:
    """One good row: where it stands, what another system calls it, what it says. A field without a value is None."""

    line: int
    external_id: str
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


@dataclass(frozen=True)
class Step:
    """One thing that happens for a row, at a moment of the past, or whenever (None)."""

    name: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Applied:
    """What a step did. ``before`` is what an edit replaced, as JSON, so that it can be put back."""

    outcome: Outcome
    subject_id: int
    before: dict[str, Any] | None = None
    notes: tuple[Fault, ...] = ()
    """What the reader of the result should know of a good row: fields that were left as somebody entered them here."""


@dataclass(frozen=True)
class Difference:
    """One field that a row says otherwise than the portal. ``is_kept``: somebody changed it here, or it is settled, so the import
    leaves it alone."""

    line: int
    external_id: str
    field: str
    before: Any
    after: Any
    is_kept: bool = False

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        facts = {"line": self.line, "external_id": self.external_id, "field": self.field, "is_kept": self.is_kept}
        return facts | {"before": _text(self.before), "after": _text(self.after)}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


@dataclass
class Context:
    """What a step may know of its import. ``memo`` lives for one chunk, for look-ups worth doing once.

    ``starter_id`` is the admin who imports through the pages; the command line is nobody in particular.
    ``is_overwriting``: what somebody changed by hand in the portal is written over as well.
    """

    source: str
    zone: str
    now: datetime
    batch_id: int | None = None
    is_notifying: bool = False
    starter_id: int | None = None
    is_overwriting: bool = False
    memo: dict[str, Any] = field(default_factory=dict)


def stronger(first: Outcome | None, second: Outcome) -> Outcome:
    """Return the outcome of a row from two of its steps: created before changed before unchanged."""
    order = [Outcome.UNCHANGED, Outcome.CHANGED, Outcome.CREATED]
    return max(first or Outcome.UNCHANGED, second, key=order.index)
