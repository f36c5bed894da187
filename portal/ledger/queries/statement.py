"""A person's statement: one line for each transfer that changed what the person can spend, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select
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


def _sums() -> Any:
    """Return one row a transfer: what it did to ``available`` and ``owed`` together.

    Holding moves points out of ``available`` and releasing back, so a capture, which only empties
    ``held``, has no line. What a transfer leaves untouched of the two stands at zero: nobody has both.
    """
    owned = (account.c.owner_id == bindparam("b_owner"), account.c.unit == bindparam("b_unit"))
    own = select(account.c.id).where(*owned, account.c.kind.in_(("available", "owed")))
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


# Built once, and run with ``owner_values``.
_SUMS = _sums()
KEYS: list[tuple[Any, bool]] = [(_SUMS.c.entry_id, True)]
"""What statements are paged by."""
_LINES: Select[Any] = (
    select(
        _SUMS.c.transfer_id, _SUMS.c.entry_id, transfer.c.recorded_at, transfer.c.effective_at, transfer.c.kind, transfer.c.reason,
        transfer.c.source_type, transfer.c.source_id, _SUMS.c.points, _SUMS.c.balance_after, transfer.c.actor_id,
        transfer.c.owner_id, transfer_note.c.body.label("note"),
    )
    .join(transfer, transfer.c.id == _SUMS.c.transfer_id)
    .outerjoin(transfer_note, transfer_note.c.id == transfer.c.note_id)
)  # fmt: skip


def owner_values(owner_id: int, unit: str = POINTS) -> dict[str, Any]:
    """Return what ``select_statement`` is run with: whose lines, and of which unit."""
    return {"b_owner": owner_id, "b_unit": unit}


def select_statement(*, kind: TransferKind | None = None, since: datetime | None = None, until: datetime | None = None) -> Select[Any]:
    """Return the lines as a select, to be ordered by ``KEYS``. ``since`` and ``until`` (excluded) bound ``effective_at``."""
    limits = [
        transfer.c.kind == kind if kind else None,
        transfer.c.effective_at >= since if since else None,
        transfer.c.effective_at < until if until else None,
    ]
    asked = [limit for limit in limits if limit is not None]
    return _LINES.where(*asked) if asked else _LINES


def first_line_at(session: Session, owner_id: int, unit: str = POINTS) -> datetime | None:
    """Return when the first line of somebody's statement took effect, None where there is none."""
    first = select(func.min(transfer.c.effective_at)).join(_SUMS, _SUMS.c.transfer_id == transfer.c.id)
    found: datetime | None = session.execute(first, owner_values(owner_id, unit)).scalar()
    return found


def select_debts() -> Select[Any]:
    """Return the lines that took points into what is owed now, as a select like ``select_statement``: those since nothing was owed last."""
    before = _sums()
    clear = select(func.coalesce(func.max(before.c.entry_id), 0)).where(before.c.balance_after >= 0).scalar_subquery()
    return _LINES.where(_SUMS.c.points < 0, _SUMS.c.balance_after < 0, _SUMS.c.entry_id > clear)


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
    found = select_statement(kind=kind, since=since, until=until)
    page = page_by(session, found, KEYS, after=after, size=size, values=owner_values(owner_id, unit))
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
    found = select_statement(kind=kind, since=since, until=until)
    return [_line(row) for row in session.execute(found.order_by(KEYS[0][0].desc()), owner_values(owner_id, unit))]


def _line(row: Any) -> Line:
    return Line(
        row.transfer_id, row.entry_id, row.recorded_at, row.effective_at, TransferKind(row.kind), row.reason, row.source_type, row.source_id,
        int(row.points), int(row.balance_after), row.actor_id, row.note,
    )  # fmt: skip
