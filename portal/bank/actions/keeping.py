"""Keeping a month that is over, as it was counted."""

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.bank.models import FinanceMonth, FinanceMonthLots
from portal.bank.queries.finance import SUMS
from portal.bank.queries.kept import MonthCounted


def keep_month(session: Session, *, counted: MonthCounted, now: datetime) -> bool:
    """Keep a month once for ever, with its lots; tells whether this call did."""
    maker = postgresql if session.connection().dialect.name == "postgresql" else sqlite
    key, flow = {"unit": counted.unit, "zone": counted.zone, "first_on": counted.first}, counted.flow
    facts = {"begins_at": counted.begins, "ends_at": counted.ends, "given": flow.given, "redeemed": flow.redeemed, "expired": flow.expired}
    claimed = maker.insert(FinanceMonth).values(**key, **facts, kept_at=now).on_conflict_do_nothing().returning(FinanceMonth.first_on)
    if session.execute(claimed).first() is None:
        return False
    rows = [key | {name: getattr(sums, name) for name in ("month", "until", *SUMS)} for sums in counted.lots]
    if rows:
        session.execute(insert(FinanceMonthLots), rows)
    return True
