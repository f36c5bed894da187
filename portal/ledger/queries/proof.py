"""The proof of the seals: every block is computed again, and a row that was changed, removed, added or swapped is named."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select, type_coerce
from sqlalchemy.orm import Session

from portal.ledger.heads import NotedHead
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


def verify(session: Session, *, anchor: str | None = None, noted: Sequence[NotedHead] = ()) -> list[Problem]:
    """Return what does not fit the seals, with the row; nothing if all is as it was sealed.

    ``anchor`` is a hash that was noted outside the database, ``noted`` are the heads of past days: who owns the database
    could rewrite the whole chain, but then not find these in it again.
    """
    problems: list[Problem] = []
    covered: list[Range] = []
    last: dict[str, Any] = {"id": 0, "hash": GENESIS, "upto_id": 0, "gaps": ""}
    anchored, is_readable, hashes = anchor in (None, GENESIS), True, dict[int, str]()
    for row in _blocks(session):
        if row["prev_hash"] != last["hash"]:
            problems.append(Problem(RULE, "block", row["id"], f"does not follow block {last['id']}: either was changed, or one between was removed"))
        ranges, found = _compare(session, row)
        problems += found
        covered += ranges or []
        is_readable = is_readable and ranges is not None
        anchored = anchored or row["hash"] == anchor
        hashes[row["id"]] = row["hash"]
        last = row
    if not anchored:
        problems.append(Problem(RULE, "block", last["id"], f"ends a chain without the anchor {anchor}: it was rewritten or cut off"))
    problems += [
        Problem(RULE, "block", seen.block_id, f"is not the one that was noted on {seen.day}: the chain was rewritten or cut off")
        for seen in noted
        if hashes.get(seen.block_id) != seen.hash
    ]
    if is_readable:
        problems += _strangers(session, covered, last)
    return problems + list(_note_problems(session)) + list(_missing_blocks(session, last["id"]))


def waiting(session: Session) -> int:
    """Return how many transfers are not sealed yet."""
    end = head(session)
    return len(ids_within(session, end.gaps)) + session.connection().execute(_WAITING, {"b_upto": end.upto_id}).scalar_one()


def _blocks(session: Session) -> Iterator[Any]:
    after = 0
    while (row := session.connection().execute(_BLOCKS, {"b_after": after}).mappings().first()) is not None:
        yield dict(row)
        after = row["id"]


def _compare(session: Session, row: dict[str, Any]) -> tuple[list[Range] | None, list[Problem]]:
    """Compare one block with the rows it covers; return its ranges (None if they cannot be read) and what does not fit."""
    try:
        ranges, marks = read_ranges(row["ids"]), read_marks(row["marks"])
        read_ranges(row["gaps"])
        rows = sealed_rows(session, ranges)
        if row["hash"] == block_hash(row, rows):
            return ranges, []
        fits_without_marks = row["hash"] == block_hash({**row, "marks": write_marks(rows)}, rows)
    except (ValueError, TypeError, AttributeError):
        return None, [Problem(RULE, "block", row["id"], "cannot be read: it was changed")]
    named = [] if fits_without_marks else list(_named(rows, marks, row["id"]))
    return ranges, named or [Problem(RULE, "block", row["id"], "does not have the hash of its rows: it was changed")]


def _named(rows: list[SealedRow], marks: dict[str, str], block_id: int) -> Iterator[Problem]:
    found = {row.name: row.mark for row in rows}
    for name in sorted(marks.keys() | found.keys(), key=lambda name: (int(name[1:]), name[0] == "e")):
        if found.get(name) != marks.get(name):
            what = "was removed" if name not in found else "was added" if name not in marks else "was changed"
            yield Problem(RULE, TABLES[name[0]], int(name[1:]), f"{what} after block {block_id} sealed it")


def _strangers(session: Session, covered: list[Range], last: dict[str, Any]) -> Iterator[Problem]:
    """Below the highest sealed id only the gaps that are still open may fill."""
    closed = without(holes(sorted(covered), 1, last["upto_id"]), read_ranges(last["gaps"]))
    for number in ids_within(session, closed):
        yield Problem(RULE, "transfer", number, "appeared among sealed ones where no gap was open: it was added")


def _note_problems(session: Session) -> Iterator[Problem]:
    for row in session.connection().execute(_NOTES):
        if row.found is None:
            yield Problem(RULE, "transfer_note", row.note_id, f"of transfer {row.id} was removed (erasing keeps the row)")
        elif row.body is not None and hashlib.sha256((row.salt + row.body).encode()).hexdigest() != row.note_hash:
            yield Problem(RULE, "transfer_note", row.note_id, f"of transfer {row.id} was changed")


def _missing_blocks(session: Session, last: int) -> Iterator[Problem]:
    """The totals name the last block: one cut off the end of the chain is missed there."""
    for number in session.connection().execute(select(programme_total.c.block_id).where(programme_total.c.block_id > last).distinct()).scalars():
        yield Problem(RULE, "block", number, "was removed")
