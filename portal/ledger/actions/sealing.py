"""Sealing: new transfers are hashed into a chain of blocks every few seconds, and the programme's totals are rolled up with them.

On PostgreSQL an id is given at the insert and seen at the commit, so ``id > last`` would lose rows.
Each block therefore lists the ids it covers and the gaps that are still open below its highest id;
a late commit is sealed by a later block. A gap that stayed open for a day is closed: no transaction
lives that long. Reading and hashing happen outside the write, so no award waits for the sealer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.ledger.models import account, block, entry, programme_total, transfer
from portal.ledger.queries.sealed import head, ids_within, sealed_rows, upto_at, within
from portal.ledger.seals import Range, block_hash, holes, ranges_of, without, write_marks, write_ranges

SIZE = 1_000
GAP_LIFE = timedelta(hours=24)

_NEW = select(transfer.c.id).where(transfer.c.id > bindparam("b_upto")).order_by(transfer.c.id).limit(bindparam("b_size"))
_WRITTEN = list(block.c)
_NOT_FOLLOWED = select(*[bindparam(f"b_{c.name}", type_=c.type) for c in _WRITTEN]).where(
    ~exists().where(block.c.prev_hash == bindparam("b_prev_hash", type_=block.c.prev_hash.type))
)
_APPEND = {
    "sqlite": insert(block).from_select(_WRITTEN, _NOT_FOLLOWED, include_defaults=False).returning(block.c.id),
    "postgresql": postgresql.insert(block)
    .from_select(_WRITTEN, _NOT_FOLLOWED, include_defaults=False)
    .on_conflict_do_nothing()
    .returning(block.c.id),
}
_SUMS = select(entry.c.account_id, func.sum(entry.c.amount).label("total")).join(account).where(account.c.owner_id.is_(None))
_ADD = (
    update(programme_total)
    .where(programme_total.c.account_id == bindparam("b_account"))
    .values(total=programme_total.c.total + bindparam("b_total", type_=programme_total.c.total.type))
)
_START = insert(programme_total)
_FOLLOW = update(programme_total).values(block_id=bindparam("b_block"))


@dataclass(frozen=True)
class Draft:
    """A block that is read and hashed, but not yet written; and what it adds to the programme's totals."""

    block: dict[str, Any]
    totals: dict[int, int]
    transfers: int


def draft_block(session: Session, *, now: datetime, size: int = SIZE) -> Draft | None:
    """Return the block that would follow now, or None if there is nothing new. Changes nothing."""
    end = head(session)
    late = ids_within(session, end.gaps)
    new = list(session.connection().execute(_NEW, {"b_upto": end.upto_id, "b_size": size}).scalars())
    if not (late or new):
        return None
    covered = ranges_of(late + new)
    upto = new[-1] if new else end.upto_id
    gaps = without(end.gaps, ranges_of(late)) + holes(ranges_of(new), end.upto_id + 1, upto)
    closed = upto_at(session, now - GAP_LIFE) if gaps else 0
    rows = sealed_rows(session, covered)
    header: dict[str, Any] = {
        "id": end.block_id + 1, "prev_hash": end.hash, "from_id": end.upto_id + 1, "upto_id": upto, "ids": write_ranges(covered),
        "gaps": write_ranges(without(gaps, [(0, closed)])), "row_count": len(rows),
        "marks": write_marks(rows), "sealed_at": now,
    }  # fmt: skip
    return Draft(header | {"hash": block_hash(header, rows)}, _totals(session, covered), len(late) + len(new))


def append_block(session: Session, draft: Draft) -> int | None:
    """Write the block and add up the programme's totals. None, and nothing done, if another sealer was faster."""
    connection = session.connection()
    values = {f"b_{name}": value for name, value in draft.block.items()}
    block_id: int | None = connection.execute(_APPEND[connection.dialect.name], values).scalar()
    if block_id is None:
        return None
    for account_id, total in sorted(draft.totals.items()):
        if connection.execute(_ADD, {"b_account": account_id, "b_total": total}).rowcount == 0:
            connection.execute(_START, {"account_id": account_id, "total": total, "block_id": block_id})
    connection.execute(_FOLLOW, {"b_block": block_id})
    return block_id


def seal(session: Session, *, now: datetime, size: int = SIZE) -> int | None:
    """Seal up to ``size`` new transfers in the caller's unit of work; return the block's id, or None if there is nothing to do."""
    draft = draft_block(session, now=now, size=size)
    return append_block(session, draft) if draft else None


def seal_pending(database: Database, now: datetime, *, size: int = SIZE) -> int:
    """Seal everything that is visible now, block by block, reading outside the write. Return the number of transfers sealed.

    For the worker, every few seconds. Two sealers at once do no harm: a block can be followed once only.
    """
    sealed = 0
    while True:
        with database.reading() as session:
            draft = draft_block(session, now=now, size=size)
        if draft is None:
            return sealed
        if database.write(lambda session, draft=draft: append_block(session, draft)) is not None:  # type: ignore[misc]
            sealed += draft.transfers


def _totals(session: Session, covered: list[Range]) -> dict[int, int]:
    found: dict[int, int] = {}
    for where in within(entry.c.transfer_id, covered):
        for row in session.connection().execute(_SUMS.where(where).group_by(entry.c.account_id)):
            found[row.account_id] = found.get(row.account_id, 0) + int(row.total)
    return found
