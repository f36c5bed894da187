"""The plan: which column or constant fills which field, and what its values mean."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.imports.rules.records import Field
from portal.imports.rules.refusals import ColumnTwice, FieldMissing, FieldTwice, PlanUnreadable, UnknownColumn, UnknownField
from portal.kernel.text import clean_line, fold

ANY = "*"


@dataclass(frozen=True)
class Plan:
    """How a file is read. A column of "" leaves a field empty.

    ``values`` turns what a cell says into what the portal says; ``*`` stands for any other value that is not empty.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_all_or_nothing: bool = False
    is_notifying: bool = False
    is_overwriting: bool = False

    def plain(self) -> dict[str, Any]:
        """Return it as JSON, the same for the same plan."""
        return {
            "columns": dict(sorted(self.columns.items())),
            "constants": dict(sorted(self.constants.items())),
            "values": {name: dict(sorted(pairs.items())) for name, pairs in sorted(self.values.items())},
            "all_or_nothing": self.is_all_or_nothing,
            "notify": self.is_notifying,
            # Only where it is asked for, so that a plan from before is the same plan.
            **({"overwrite": True} if self.is_overwriting else {}),
        }


def plan_from(plain: Mapping[str, Any]) -> Plan:
    """Return the plan that ``plain`` made JSON of."""
    return Plan(
        columns=plain.get("columns", {}),
        constants=plain.get("constants", {}),
        values=plain.get("values", {}),
        is_all_or_nothing=bool(plain.get("all_or_nothing")),
        is_notifying=bool(plain.get("notify")),
        is_overwriting=bool(plain.get("overwrite")),
    )


def parse_pairs(texts: Iterable[str], form: str) -> dict[str, str]:
    """Read ``field=something`` options. The first ``=`` divides, so the something may hold more."""
    pairs = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        if not equals or not name.strip() or not rest.strip():
            raise PlanUnreadable(text=text, form=form)
        pairs[name.strip()] = clean_line(rest)
    return pairs


def parse_values(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """Read ``field:from=to`` options. The last ``=`` divides from and to."""
    values: dict[str, dict[str, str]] = {}
    for text in texts:
        found = re.fullmatch(r"\s*([^:=\s]+)\s*:(.+)=(.*)", text, re.DOTALL)
        if not found or not found.group(2).strip():
            raise PlanUnreadable(text=text, form="field:from=to")
        name, was, becomes = found.groups()
        values.setdefault(name, {})[clean_line(was)] = clean_line(becomes)
    return values


def complete(plan: Plan, fields: Sequence[Field], header: Sequence[str]) -> Plan:
    """Return ``plan`` with columns that are named exactly like a field mapped to it, unless it is filled otherwise.

    Refuses unknown fields and columns, a field filled twice, a column name that stands twice, and a
    required field that nothing fills.
    """
    known = {f.name for f in fields}
    for name in [*plan.columns, *plan.constants, *plan.values]:
        if name not in known:
            raise UnknownField(name=name, known=", ".join(f.name for f in fields))
    for name, column in plan.columns.items():
        if column and name in plan.constants:
            raise FieldTwice(name=name)
    same = {name: name for name in header if name in known and name not in plan.constants}
    columns = {name: column for name, column in (same | dict(plan.columns)).items() if column}
    for column in columns.values():
        if column not in header:
            raise UnknownColumn(name=column, known=", ".join(name for name in header if name))
        if list(header).count(column) > 1:
            raise ColumnTwice(name=column)
    for f in fields:
        if f.is_required and f.name not in columns and f.name not in plan.constants:
            raise FieldMissing(name=f.name)
    return replace(plan, columns=columns)


def guess(fields: Sequence[Field], header: Sequence[str]) -> dict[str, str]:
    """Return the likely column for each field: by its name, then by its aliases, whatever case, spaces and underscores. Each column once."""
    free = {_squeezed(column): column for column in reversed(header) if column}
    found: dict[str, str] = {}
    for rank in ("name", "alias"):
        for f in fields:
            names = [f.name] if rank == "name" else f.aliases
            column = next((free[_squeezed(n)] for n in names if _squeezed(n) in free), None)
            if f.name not in found and column is not None:
                found[f.name] = column
                del free[_squeezed(column)]
    return found


def _squeezed(name: str) -> str:
    return re.sub(r"[\W_]+", "", fold(name))


def translate(value: str, pairs: Mapping[str, str] | None) -> str:
    """Return what ``value`` means. Empty stays empty; a value that is not listed stays itself where there is no ``*``."""
    if not pairs or not value:
        return value
    return pairs.get(value, pairs.get(ANY, value))
