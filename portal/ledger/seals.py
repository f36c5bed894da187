"""What is sealed and how: the canonical form of a row, ranges of ids, the hash of a block. Pure.

A block's hash is SHA-256 over its header (with the hash of the block before) and over the canonical
rows: JSON with sorted keys and without spaces, in UTF-8, whole numbers as they are, moments as whole
microseconds UTC; each transfer is followed by its entries in the order of their ids. ``marks`` are
short hashes of the single rows, so that a block that fails can name the row; they prove nothing.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from json.encoder import encode_basestring  # type: ignore[attr-defined]
from operator import itemgetter
from typing import Any, NamedTuple

from portal.kernel.clock import micros

_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
GENESIS = "0" * 64
Range = tuple[int, int]

# Fixed for ever: a column that is added later is sealed by a new form, beside this one.
TRANSFER_FIELDS = (
    "id", "key", "kind", "owner_id", "unit", "points", "earned", "reason", "source_type", "source_id", "actor_id", "batch_id",
    "reverses_id", "resolves_id", "note_id", "note_hash", "effective_at", "recorded_at",
)  # fmt: skip
HEADER_FIELDS = ("id", "prev_hash", "from_id", "upto_id", "ids", "gaps", "row_count", "marks", "sealed_at")
ENTRY_FIELDS = ("id", "transfer_id", "account_id", "amount", "balance_after", "version")


class SealedRow(NamedTuple):
    """One row as it is sealed: ``name`` is ``t17`` for transfer 17, ``e33`` for entry 33."""

    name: str
    content: bytes

    @property
    def mark(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:8]


def row_sealer(letter: str, fields: Sequence[str]) -> Callable[[Sequence[Any]], SealedRow]:
    """Return what brings rows of a table, their values in the order of ``fields``, into canonical form.

    What it writes is ``canonical({"table": letter} | row)``, without a dictionary for each of millions of rows.
    """
    keys = sorted((*fields, "table"))
    form = "{" + ",".join(f'"{key}":"{letter}"' if key == "table" else f'"{key}":%s' for key in keys) + "}"
    in_order, number = itemgetter(*(fields.index(key) for key in keys if key != "table")), fields.index("id")

    def seal(values: Sequence[Any]) -> SealedRow:
        told = [value if type(value) is int else _json(value) for value in in_order(values)]
        return SealedRow(f"{letter}{values[number]}", (form % tuple(told)).encode())

    return seal


def _json(value: Any) -> Any:
    if value is None:
        return "null"
    if type(value) is str:
        return encode_basestring(value)
    return micros(value) if isinstance(value, datetime) else _ENCODE(value)


def seal_row(letter: str, row: Mapping[str, Any], fields: Sequence[str]) -> SealedRow:
    """Return the canonical form of one row."""
    return row_sealer(letter, fields)([row[name] for name in fields])


def _plain(row: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    return {name: micros(row[name]) if isinstance(row[name], datetime) else row[name] for name in fields}


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return the one way to write ``value``."""
    return _ENCODE(value).encode()


def block_hash(header: Mapping[str, Any], rows: Iterable[SealedRow]) -> str:
    """Return the hash of a block over its header and its rows."""
    digest = hashlib.sha256(canonical(_plain(header, HEADER_FIELDS)))
    for row in rows:
        digest.update(b"\n" + row.content)
    return digest.hexdigest()


def write_marks(rows: Iterable[SealedRow]) -> str:
    """Return the marks as text: ``t17=1a2b3c4d e33=… e34=…``."""
    return " ".join(f"{row.name}={row.mark}" for row in rows)


def read_marks(text: str) -> dict[str, str]:
    """Return the mark of each row by its name."""
    return dict(mark.split("=", 1) for mark in text.split())


def ranges_of(ids: Iterable[int]) -> list[Range]:
    """Return sorted ``ids`` as ranges without holes."""
    found: list[Range] = []
    for number in ids:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def write_ranges(ranges: Iterable[Range]) -> str:
    """Return ranges as text: ``1001-1450,1452``."""
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def read_ranges(text: str) -> list[Range]:
    """Return the ranges that were written as text."""
    found = []
    for part in filter(None, text.split(",")):
        low, _, high = part.partition("-")
        found.append((int(low), int(high or low)))
    return found


def holes(ranges: Iterable[Range], low: int, high: int) -> list[Range]:
    """Return what of ``low`` to ``high`` lies in none of the sorted ``ranges``."""
    found = []
    for first, last in ranges:
        if first > low:
            found.append((low, min(first - 1, high)))
        low = max(low, last + 1)
    return found + ([(low, high)] if low <= high else [])


def without(ranges: Iterable[Range], taken: Iterable[Range]) -> list[Range]:
    """Return sorted ``ranges`` less the sorted ``taken``, in one walk along both."""
    taken, found, start = list(taken), [], 0
    for low, high in ranges:
        while start < len(taken) and taken[start][1] < low:
            start += 1
        end = start
        while end < len(taken) and taken[end][0] <= high:
            end += 1
        found += holes(taken[start:end], low, high)
    return found
