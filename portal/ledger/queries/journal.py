"""The journal for an outside accountant, in the languages of hledger and Beancount: accounts by number, never names.

Transactions stand in the order of the day they were recorded, and each account's balance is asserted
at the end, so that the accountant's own arithmetic must reach the portal's figures. What is a
person's stands under assets, what is the programme's under equity: a journal of points, not money.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.ledger.models import account, entry, transfer
from portal.ledger.queries.totals import programme_totals

CHUNK = 5_000
_ACCOUNTS = select(account).order_by(account.c.unit, account.c.owner_id.is_not(None), account.c.owner_id, account.c.id)
_LINES = (
    select(
        transfer.c.id, transfer.c.kind, transfer.c.reason, transfer.c.recorded_at, transfer.c.effective_at, transfer.c.unit,
        account.c.owner_id, account.c.kind.label("account"), entry.c.amount,
    )
    .join(entry, entry.c.transfer_id == transfer.c.id)
    .join(account, account.c.id == entry.c.account_id)
    .order_by(transfer.c.recorded_at, transfer.c.id, entry.c.id)
)  # fmt: skip


class JournalFormat(StrEnum):
    """Whose language the journal is written in."""

    HLEDGER = "hledger"
    BEANCOUNT = "beancount"


def journal(session: Session, kind: JournalFormat) -> Iterator[str]:
    """Give the lines of the whole journal."""
    return _hledger(session) if kind is JournalFormat.HLEDGER else _beancount(session)


def _account_name(owner_id: int | None, kind: str, unit: str) -> str:
    side = "equity:programme" if owner_id is None else f"assets:person:{owner_id}"
    return f"{side}:{kind}:{unit}"


def _hledger(session: Session) -> Iterator[str]:
    accounts = session.connection().execute(_ACCOUNTS).all()
    # hledger wants the decimal mark declared; a commodity with letters only needs no quotes.
    for unit in sorted({a.unit for a in accounts}):
        yield f"commodity 1. {unit}"
    for a in accounts:
        yield f"account {_account_name(a.owner_id, a.kind, a.unit)}"
    last = None
    for lines in _transactions(session):
        first = lines[0]
        last = first.recorded_at
        yield f"\n{_day(last)} * ({first.id}) {first.kind} {first.reason}  ; effective:{_day(first.effective_at)}"
        for line in lines:
            yield f"    {_account_name(line.owner_id, line.account, line.unit)}    {line.amount} {line.unit}"
    if last is not None:
        yield f"\n{_day(last)} * balances"
        for a, total in _balances(session, accounts):
            yield f"    {_account_name(a.owner_id, a.kind, a.unit)}    0 {a.unit} = {total} {a.unit}"


def _beancount(session: Session) -> Iterator[str]:
    accounts = session.connection().execute(_ACCOUNTS).all()
    first_day = last = None
    for lines in _transactions(session):
        first = lines[0]
        last = first.recorded_at
        if first_day is None:
            first_day = _day(last)
            for unit in sorted({a.unit for a in accounts}):
                yield f"{first_day} commodity {unit.upper()}"
            for a in accounts:
                yield f"{first_day} open {_beancount_name(a.owner_id, a.kind, a.unit)} {a.unit.upper()}"
        yield f'\n{_day(last)} * "{first.kind} {first.reason}" ^transfer-{first.id}\n  effective: {_day(first.effective_at)}'
        for line in lines:
            yield f"  {_beancount_name(line.owner_id, line.account, line.unit)}  {line.amount} {line.unit.upper()}"
    if last is not None:
        yield ""
        # Beancount asserts the balance at the beginning of a day.
        day = _day(last + timedelta(days=1))
        for a, total in _balances(session, accounts):
            yield f"{day} balance {_beancount_name(a.owner_id, a.kind, a.unit)}  {total} {a.unit.upper()}"


def _beancount_name(owner_id: int | None, kind: str, unit: str) -> str:
    return ":".join(part.capitalize() for part in _account_name(owner_id, kind, unit).split(":"))


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _transactions(session: Session) -> Iterator[list[Any]]:
    """Give the entries of one transfer after the other, read in pieces."""
    lines: list[Any] = []
    for row in session.connection().execute(_LINES, execution_options={"yield_per": CHUNK}):
        if lines and lines[0].id != row.id:
            yield lines
            lines = []
        lines.append(row)
    if lines:
        yield lines


def _balances(session: Session, accounts: Any) -> Iterator[tuple[Any, int]]:
    """Give each account with the portal's own figure for it."""
    totals = {unit: programme_totals(session, unit=unit) for unit in {a.unit for a in accounts}}
    for a in accounts:
        yield a, totals[a.unit][a.kind] if a.owner_id is None else a.balance
