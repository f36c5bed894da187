"""Rows that were not imported, as lines of an error file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.imports.rules.reading import Reported

HEADER = ("line", "external_id", "outcome", "field", "error")
Translate = Callable[[str, Mapping[str, Any]], str]


def in_english(message: str, facts: Mapping[str, Any]) -> str:
    """Return the sentence as it is written in the code."""
    return message % facts


@dataclass(frozen=True)
class Report:
    """One row, with its faults as stored."""

    line: int
    external_id: str
    outcome: str
    faults: Sequence[Mapping[str, Any]]

    def texts(self, translate: Translate = in_english) -> list[str]:
        """Return each fault as a sentence, the field first."""
        return [f"{fault['field']}: {self._text(fault, translate)}" if fault["field"] else self._text(fault, translate) for fault in self.faults]

    def rows(self, translate: Translate = in_english) -> Iterator[tuple[object, ...]]:
        """Give one line of the file for each fault."""
        for fault in self.faults:
            yield self.line, self.external_id, self.outcome, fault["field"] or "", self._text(fault, translate)

    def _text(self, fault: Mapping[str, Any], translate: Translate) -> str:
        return translate(fault["message"], fault["facts"])


def report_of(row: Reported) -> Report:
    """Return a row that was only checked as a report."""
    return Report(row.line, row.external_id, row.outcome, [fault.plain() for fault in row.faults])
