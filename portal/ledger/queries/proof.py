"""The proof of the seals: every block is computed again, and a row that was changed, removed, added or swapped is named."""

import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import bindparam, func, select, type_coerce
from sqlalchemy.orm import Session

from portal.ledger.models import block, programme_total, transfer, transfer_note
from portal.ledger.queries.sealed import StoredMoment, head, ids_within, sealed_rows
from portal.ledger.rules import Problem
from portal.ledger.seals import GENESIS, HEADER_FIELDS, Range, SealedRow, block_hash, holes, read_marks, read_ranges, without, write_marks

RULE = "seals"
TABLES = {"t": "transfer", "e": "entry"}

_SEALED_AT = type_coerce(block.c.sealed_at, StoredMoment).label("sealed_at")
_BLOCKS = (
    select(block.c.hash, *[_SEALED_AT if name == "sealed_at" else block.c[name] for name in HEADER_FIELDS])
    .where(block.c.id > bindparam("b_after"))
    .order_by(block.c.id)
    .limit(1)
)
_NOTES = (
    select(transfer.c.id, transfer.c.note_id, transfer.c.note_hash, transfer_note.c.id.label("found"), transfer_note.c.body, transfer_note.c.salt)
    .outerjoin(transfer_note, transfer_note.c.id == transfer.c.note_id)
    .where(transfer.c.note_id.is_not(None))
)
_WAITING = select(func.count()).where(transfer.c.id > bindparam("b_upto"))


def verify(session: Session, *, anchor: str | None = None) -> list[Problem]:
    """Return what does not fit the seals, with the row; nothing if all is as it was sealed.

    ``anchor`` is a hash that was noted outside the database: who owns the database could rewrite the
    whole chain, but then not find this hash in it again.
    """
    problems: list[Problem] = []
    covered: list[Range] = []
    previous, follows, anchored = GENESIS, 0, anchor in (None, GENESIS)
    for row in _blocks(session):
        if row["prev_hash"] != previous:
            problems.append(
                Problem(RULE, "block", row["id"], f"does not follow block {follows}: one of them was changed, or one between was removed")
            )
        problems += _block_problems(session, row, covered)
        previous, follows, anchored = row["hash"], row["id"], anchored or row["hash"] == anchor
    if not anchored:
        problems.append(Problem(RULE, "block", follows, f"ends a chain in which the anchor {anchor} does not occur: it was rewritten or cut off"))
    return problems + list(_unsealed_problems(session, covered)) + list(_note_problems(session)) + list(_missing_blocks(session))


def waiting(session: Session) -> int:
    """Return how many transfers are not sealed yet."""
    end = head(session)
    return len(ids_within(session, end.gaps)) + session.connection().execute(_WAITING, {"b_upto": end.upto_id}).scalar_one()


def _blocks(session: Session) -> Iterator[Any]:
    after = 0
    while (row := session.connection().execute(_BLOCKS, {"b_after": after}).mappings().first()) is not None:
        yield dict(row)
        after = row["id"]


def _block_problems(session: Session, row: Any, covered: list[Range]) -> list[Problem]:
    """Compare one block with the rows it covers, and add its ranges to ``covered``."""
    try:
        ranges, marks = read_ranges(row["ids"]), read_marks(row["marks"])
        rows = sealed_rows(session, ranges)
        fits = row["hash"] == block_hash(row, rows)
        fits_without_marks = row["hash"] == block_hash({**row, "marks": write_marks(rows)}, rows)
    except (ValueError, TypeError, AttributeError):
        return [Problem(RULE, "block", row["id"], "cannot be read: it was changed")]
    covered += ranges
    if fits:
        return []
    named = [] if fits_without_marks else list(_named(rows, marks, row["id"]))
    return named or [Problem(RULE, "block", row["id"], "does not have the hash of its rows: it was changed")]


def _named(rows: list[SealedRow], marks: dict[str, str], block_id: int) -> Iterator[Problem]:
    found = {row.name: row.mark for row in rows}
    for name in sorted(marks.keys() | found.keys(), key=lambda name: (int(name[1:]), name[0] == "e")):
        if found.get(name) != marks.get(name):
            what = "was removed" if name not in found else "was added" if name not in marks else "was changed"
            yield Problem(RULE, TABLES[name[0]], int(name[1:]), f"{what} after block {block_id} sealed it")


def _unsealed_problems(session: Session, covered: list[Range]) -> Iterator[Problem]:
    """Below the highest sealed id only the open gaps may still fill."""
    end = head(session)
    closed = without(holes(sorted(covered), 1, end.upto_id), end.gaps)
    for number in ids_within(session, closed):
        yield Problem(RULE, "transfer", number, "appeared among sealed ones where no gap was open: it was added")


def _note_problems(session: Session) -> Iterator[Problem]:
    for row in session.connection().execute(_NOTES):
        if row.found is None:
            yield Problem(RULE, "transfer_note", row.note_id, f"of transfer {row.id} was removed (erasing keeps the row)")
        elif row.body is not None and hashlib.sha256((row.salt + row.body).encode()).hexdigest() != row.note_hash:
            yield Problem(RULE, "transfer_note", row.note_id, f"of transfer {row.id} was changed")


def _missing_blocks(session: Session) -> Iterator[Problem]:
    """The totals name the last block: one cut off the end of the chain is missed there."""
    end = head(session).block_id
    for number in session.connection().execute(select(programme_total.c.block_id).where(programme_total.c.block_id > end).distinct()).scalars():
        yield Problem(RULE, "block", number, "was removed")
