"""What an importer is. See the package's docstring for how to write one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from sqlalchemy.orm import Session

from portal.imports.rules.records import Applied, Context, Difference, Fault, Field, Outcome, Record, Step
from portal.kernel.actor import Actor


@dataclass(frozen=True)
class DoneRow:
    """What a batch did with one row, for taking it back."""

    batch_id: int
    row_id: int
    outcome: Outcome
    subject_id: int
    before: dict[str, Any] | None


class Importer(Protocol):
    """One kind of import."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def subject_type(self) -> str: ...
    @property
    def fields(self) -> Sequence[Field]: ...
    def match(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, int]: ...
    def check(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]: ...
    def steps(self, record: Record) -> Sequence[Step]: ...
    def remarks(self, session: Session, records: Sequence[Record], context: Context) -> Sequence[Fault]: ...
    def apply(
        self, session: Session, actor: Actor, record: Record, step: Step, subject_id: int | None, context: Context, now: datetime
    ) -> Applied: ...
    def would_change(self, session: Session, record: Record, subject_id: int, context: Context) -> bool: ...
    def undo(self, session: Session, actor: Actor, row: DoneRow, now: datetime) -> bool: ...


@runtime_checkable
class Comparing(Protocol):
    """An importer that keeps things up to date, and tells field by field what a row would change. ``keeps_by_hand``: what somebody wrote here by
    hand stays, unless the import is told to write over it.
    """

    @property
    def keeps_by_hand(self) -> bool: ...
    def differences(self, session: Session, record: Record, subject_id: int, context: Context) -> Sequence[Difference]: ...


@runtime_checkable
class Judging(Protocol):
    """An importer that tells what else is wrong with rows of which some cells cannot be read, so that nobody mends one only to read of the next.

    What cannot be read is None in ``records``; a fault of such a cell, and one of the whole row, is left out of the report.
    """

    def also_wrong(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]: ...


@runtime_checkable
class Telling(Protocol):
    """An importer that keeps numbers where people read names: it tells what was done in words, with as many statements for many as for one."""

    def told(self, session: Session, differences: Sequence[Difference]) -> Sequence[Difference]: ...


@runtime_checkable
class Gathering(Protocol):
    """An importer that reads what it compares rows with for many of them at once, into the context's memo. Each of ``records`` is in ``known``."""

    def gather(self, session: Session, records: Sequence[Record], known: Mapping[str, int], context: Context) -> None: ...
