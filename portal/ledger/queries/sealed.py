"""Reading what is, or is to be, sealed: the head of the chain, and transfers with their entries in canonical form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import DateTime, Dialect, String, TypeDecorator, bindparam, or_, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from portal.ledger.models import block, entry, transfer
from portal.ledger.seals import ENTRY_FIELDS, GENESIS, TRANSFER_FIELDS, Range, SealedRow, read_ranges, row_sealer

AT_ONCE = 200


class StoredMoment(TypeDecorator[Any]):
    """A moment as it is stored: one that SQLite holds and nobody can read comes back as its text, so that it is named, not stumbled over."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name != "sqlite":
            return value
        try:
            return datetime.fromisoformat(f"{value}+00:00")
        except (TypeError, ValueError):
            return str(value)


_TIMES = ("effective_at", "recorded_at")
_TRANSFERS = select(*[type_coerce(transfer.c[name], StoredMoment).label(name) if name in _TIMES else transfer.c[name] for name in TRANSFER_FIELDS])
_ENTRIES = select(*[entry.c[name] for name in ENTRY_FIELDS])
_SEAL_TRANSFER, _SEAL_ENTRY = row_sealer("t", TRANSFER_FIELDS), row_sealer("e", ENTRY_FIELDS)
_NUMBER, _BELONGS = TRANSFER_FIELDS.index("id"), ENTRY_FIELDS.index("transfer_id")
_HEAD = select(block).order_by(block.c.id.desc()).limit(1)
_BY_THEN = select(block).where(block.c.sealed_at <= bindparam("b_at", type_=block.c.sealed_at.type)).order_by(block.c.id.desc()).limit(1)
_UPTO, _SEALED = _BY_THEN.with_only_columns(block.c.upto_id), _BY_THEN.with_only_columns(block.c.upto_id, block.c.gaps)


@dataclass(frozen=True)
class Head:
    """The end of the chain: the last hash, the highest id seen so far, and the ids below it that were not there yet."""

    hash: str = GENESIS
    upto_id: int = 0
    gaps: tuple[Range, ...] = ()
    block_id: int = 0


def head(session: Session) -> Head:
    """Return the end of the chain; the genesis hash if nothing is sealed."""
    row = session.connection().execute(_HEAD).first()
    return Head(row.hash, row.upto_id, tuple(read_ranges(row.gaps)), row.id) if row else Head()


def upto_at(session: Session, moment: datetime) -> int:
    """Return the highest id that was seen by the blocks sealed at ``moment`` or before."""
    return session.connection().execute(_UPTO, {"b_at": moment}).scalar() or 0


def committed_by(session: Session, moment: datetime) -> int:
    """Return an id up to which every transfer was there, and sealed, at ``moment``; what came late to a gap was not."""
    row = session.connection().execute(_SEALED, {"b_at": moment}).first()
    return min([row.upto_id, *(low - 1 for low, _high in read_ranges(row.gaps))]) if row else 0


def within(column: Any, ranges: Sequence[Range]) -> Iterator[Any]:
    """Give conditions that together say that ``column`` lies in one of ``ranges``, a handful of ranges each."""
    for start in range(0, len(ranges), AT_ONCE):
        yield or_(*[column.between(low, high) for low, high in ranges[start : start + AT_ONCE]])


def ids_within(session: Session, ranges: Sequence[Range]) -> list[int]:
    """Return the ids of the transfers that lie in ``ranges``, in order."""
    return sorted(i for where in within(transfer.c.id, ranges) for i in session.connection().execute(select(transfer.c.id).where(where)).scalars())


def sealed_rows(session: Session, ranges: Sequence[Range]) -> list[SealedRow]:
    """Return the transfers in ``ranges`` in canonical form, each followed by its entries; entries without a transfer come last."""
    connection, transfers, lines = session.connection(), list[Any](), dict[int, list[SealedRow]]()
    for where in within(transfer.c.id, ranges):
        transfers += connection.execute(_TRANSFERS.where(where)).all()
    for where in within(entry.c.transfer_id, ranges):
        for row in connection.execute(_ENTRIES.where(where).order_by(entry.c.id)).all():
            lines.setdefault(row[_BELONGS], []).append(_SEAL_ENTRY(row))
    rows: list[SealedRow] = []
    for row in sorted(transfers, key=itemgetter(_NUMBER)):
        rows += [_SEAL_TRANSFER(row), *lines.pop(row[_NUMBER], [])]
    return rows + [line for number in sorted(lines) for line in lines[number]]
