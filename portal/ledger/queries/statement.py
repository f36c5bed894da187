"""A person's statement: one line for each transfer that changed what the person can spend, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from portal.ledger.models import account, entry, transfer, transfer_note
from portal.ledger.rules import POINTS, TransferKind
from portal.web.paging import SIZE, Page, page_by


@dataclass(frozen=True)
class Line:
    """One line. ``points`` is the change, ``balance_after`` what stood then: below zero while points are owed.

    ``note`` is the free text, None where there was none or it was erased.
    """

    transfer_id: int
    entry_id: int
    recorded_at: datetime
    effective_at: datetime
    kind: TransferKind
    reason: str
    source_type: str | None
    source_id: int | None
    points: int
    balance_after: int
    actor_id: int | None
    note: str | None


def _sums(owner_id: int, unit: str) -> Any:
    """Return one row a transfer: what it did to ``available`` and ``owed`` together.

    Holding moves points out of ``available`` and releasing back, so a capture, which only empties
    ``held``, has no line. What a transfer leaves untouched of the two stands at zero: nobody has both.
    """
    own = select(account.c.id).where(account.c.owner_id == owner_id, account.c.unit == unit, account.c.kind.in_(("available", "owed")))
    return (
        select(
            entry.c.transfer_id,
            func.max(entry.c.id).label("entry_id"),
            func.sum(entry.c.amount).label("points"),
            func.sum(entry.c.balance_after).label("balance_after"),
        )
        .where(entry.c.account_id.in_(own), entry.c.version.is_not(None))
        .group_by(entry.c.transfer_id)
        .subquery("sums")
    )


def select_statement(
    owner_id: int, *, unit: str = POINTS, kind: TransferKind | None = None, since: datetime | None = None, until: datetime | None = None
) -> tuple[Select[Any], list[tuple[Any, bool]]]:
    """Return the lines as a select, and the keys to page by. ``since`` and ``until`` (excluded) bound ``effective_at``."""
    sums = _sums(owner_id, unit)
    found = (
        select(
            sums.c.transfer_id, sums.c.entry_id, transfer.c.recorded_at, transfer.c.effective_at, transfer.c.kind, transfer.c.reason,
            transfer.c.source_type, transfer.c.source_id, sums.c.points, sums.c.balance_after, transfer.c.actor_id,
            transfer_note.c.body.label("note"),
        )
        .join(transfer, transfer.c.id == sums.c.transfer_id)
        .outerjoin(transfer_note, transfer_note.c.id == transfer.c.note_id)
    )  # fmt: skip
    limits = [
        transfer.c.kind == kind if kind else None,
        transfer.c.effective_at >= since if since else None,
        transfer.c.effective_at < until if until else None,
    ]
    return found.where(and_(True, *[limit for limit in limits if limit is not None])), [(sums.c.entry_id, True)]


def statement(
    session: Session,
    owner_id: int,
    *,
    unit: str = POINTS,
    kind: TransferKind | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: str | None = None,
    size: int = SIZE,
) -> Page:
    """Return one page of ``Line``, newest first, behind the cursor ``after``."""
    found, keys = select_statement(owner_id, unit=unit, kind=kind, since=since, until=until)
    page = page_by(session, found, keys, after=after, size=size)
    return Page([_line(row) for row in page.rows], page.next, is_first=page.is_first)


def statement_lines(
    session: Session,
    owner_id: int,
    *,
    unit: str = POINTS,
    kind: TransferKind | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Line]:
    """Return all lines that fit, newest first, for an export."""
    found, keys = select_statement(owner_id, unit=unit, kind=kind, since=since, until=until)
    return [_line(row) for row in session.execute(found.order_by(keys[0][0].desc()))]


def _line(row: Any) -> Line:
    return Line(
        row.transfer_id, row.entry_id, row.recorded_at, row.effective_at, TransferKind(row.kind), row.reason, row.source_type, row.source_id,
        int(row.points), int(row.balance_after), row.actor_id, row.note,
    )  # fmt: skip
