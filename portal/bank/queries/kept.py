"""Months that are over, as the worker counted them once: pages read these, and add up only what is younger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from portal.bank.models import FinanceMonth, FinanceMonthLots
from portal.bank.queries.finance import SEALED_LATE, SUMS, Flow, began_at, flows, months_back, sums_by_month, sums_moved
from portal.bank.rules.finance import Observed, Sums, observed
from portal.bank.rules.statement import months_between
from portal.kernel.clock import end_of_day, local_date, start_of_day
from portal.kernel.db import programme_zone
from portal.ledger.lots import end_of_month
from portal.ledger.models import lot
from portal.ledger.rules import POINTS

_LOTS = and_(*(getattr(FinanceMonthLots, name) == getattr(FinanceMonth, name) for name in ("unit", "zone", "first_on")))


@dataclass(frozen=True)
class MonthCounted:
    """A month that is over: from when to when, what was recorded in it, and what lots were at its end."""

    unit: str
    zone: str
    first: date
    begins: datetime
    ends: datetime
    flow: Flow
    lots: list[Sums]


def kept_flows(session: Session, *, unit: str = POINTS) -> dict[date, Flow]:
    """Return what was recorded in each month that is kept, by its first day."""
    columns = (FinanceMonth.first_on, FinanceMonth.given, FinanceMonth.redeemed, FinanceMonth.expired)
    found = session.execute(select(*columns).where(FinanceMonth.unit == unit, FinanceMonth.zone == programme_zone(session)))
    return {row.first_on: Flow(row.given, row.redeemed, row.expired) for row in found}


def flows_between(session: Session, days: Sequence[date], *, unit: str = POINTS) -> list[Flow]:
    """Return what was recorded from the beginning of each of ``days`` to that of the next: one less than there are days, which ascend.

    Whole months at the beginning are read where they are kept, and only the rest is added up. Three statements at most.
    """
    kept, zone = kept_flows(session, unit=unit), programme_zone(session)
    found: list[Flow] = []
    for begin, end in pairwise(days):
        if begin not in kept or end != _after(begin):
            break
        found.append(kept[begin])
    return found + flows(session, [start_of_day(day, zone) for day in days[len(found) :]], unit=unit)


def flows_by_month(session: Session, today: date, count: int, *, unit: str = POINTS) -> list[tuple[date, Flow]]:
    """Return what was recorded in each whole month before this, at most ``count``: from the first after the one in which the ledger began."""
    began = began_at(session)
    if began is None:
        return []
    zone = programme_zone(session)
    firsts = [first for first in months_back(today, count) if start_of_day(first, zone) > began]
    return list(zip(firsts, flows_between(session, [*firsts, today.replace(day=1)], unit=unit), strict=True))


def sums_at(session: Session, day: date, *, unit: str = POINTS) -> list[Sums]:
    """Return points by the month of their lots as the end of ``day`` left them; read, where it is the end of a month that is kept."""
    kept = _kept_sums(session, day.replace(day=1), unit) if day == end_of_month(day, 0) else None
    return sums_by_month(session, unit=unit, before=end_of_day(day, programme_zone(session))) if kept is None else kept


def observed_of_late(session: Session, today: date) -> tuple[Observed, date]:
    """Return what became of old points, as of which day: the end of the last month that is kept, or today where none is yet."""
    last = _last_kept(session, POINTS)
    day = end_of_month(last, 0) if last else today
    return observed(sums_at(session, day) if last else sums_by_month(session), day), day


def lot_months(session: Session, today: date) -> list[date]:
    """Return the first days of the months of lots, the last first: from the first that is kept, or where none is from the first lot there is."""
    first = session.scalar(select(func.min(FinanceMonthLots.month))) or session.connection().execute(select(func.min(lot.c.month))).scalar()
    return months_between(first or today, today)


def next_to_keep(session: Session, unit: str, now: datetime) -> date | None:
    """Return the first day of the first month that is over and not kept, None where there is none.

    A month is over for this a day after its end, when whatever was recorded in it is committed.
    """
    zone, began = programme_zone(session), began_at(session)
    if began is None:
        return None
    last = _last_kept(session, unit)
    first = _after(last) if last else local_date(began, zone).replace(day=1)
    return first if start_of_day(_after(first), zone) + SEALED_LATE <= now else None


def count_month(session: Session, unit: str, first: date) -> MonthCounted:
    """Count a month that is over: what was recorded in it, and from the end of the month before, if that is kept, what lots were at its end."""
    zone = programme_zone(session)
    begins, ends = start_of_day(first, zone), start_of_day(_after(first), zone)
    before = _kept_sums(session, (first - timedelta(days=1)).replace(day=1), unit)
    if before is None:
        lots = sums_by_month(session, unit=unit, before=ends)
    else:
        lots = _together(before, sums_moved(session, begins, ends, unit=unit))
    return MonthCounted(unit, zone, first, begins, ends, flows(session, [begins, ends], unit=unit)[0], lots)


def _kept_sums(session: Session, first: date, unit: str) -> list[Sums] | None:
    columns: list[Any] = [getattr(FinanceMonthLots, name) for name in ("month", "until", *SUMS)]
    asked = select(*columns).select_from(FinanceMonth).outerjoin(FinanceMonthLots, _LOTS)
    asked = asked.where(FinanceMonth.unit == unit, FinanceMonth.zone == programme_zone(session), FinanceMonth.first_on == first)
    rows = session.execute(asked.order_by(FinanceMonthLots.month)).all()
    return [Sums(**row._mapping) for row in rows if row.month is not None] if rows else None


def _last_kept(session: Session, unit: str) -> date | None:
    asked = select(FinanceMonth.first_on).where(FinanceMonth.unit == unit, FinanceMonth.zone == programme_zone(session))
    return session.scalar(asked.order_by(FinanceMonth.first_on.desc()).limit(1))


def _together(before: Sequence[Sums], moved: Sequence[Sums]) -> list[Sums]:
    found: dict[date, Sums] = {sums.month: sums for sums in before}
    for more in moved:
        was = found.get(more.month, Sums(more.month))
        whole = {name: getattr(was, name) + getattr(more, name) for name in SUMS}
        last = [sums.until for sums in (was, more) if sums.until is not None]
        found[more.month] = Sums(more.month, until=max(last, default=None), **whole)
    return [found[month] for month in sorted(found)]


def _after(first: date) -> date:
    """Return the first day of the next month."""
    return end_of_month(first, 0) + timedelta(days=1)
