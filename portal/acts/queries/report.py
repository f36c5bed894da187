"""The monthly report: what was asked beyond a rule, and what was asked outside the portal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from portal.acts.models.asks import Ask
from portal.acts.queries.asks import AskRow, asks_page_by_record
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.db import programme_zone
from portal.web.paging import Page

AT_ONCE = 1_000
"""How many lines of the file are read at once: it is as long as the month, and no more of it stands in memory."""


@dataclass(frozen=True)
class Month:
    """The figures of one month, by when asks were written down."""

    first: date
    asks: int
    outside: int
    overridden: int

    @property
    def bypass_percent(self) -> int | None:
        """Asks made outside as a share of all, in percent; None where there was none."""
        return round(100 * self.outside / self.asks) if self.asks else None


def months_to_choose(session: Session, now: datetime, number: int = 24) -> list[date]:
    """Return the first days of the last months, this one first."""
    today = local_date(now, programme_zone(session))
    months = [today.year * 12 + today.month - 1 - back for back in range(number)]
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def figures_of(session: Session, first: date) -> Month:
    """Return the figures of the month that begins on ``first``."""
    counted = select(
        func.count().label("asks"),
        func.coalesce(func.sum(case((Ask.is_outside, 1), else_=0)), 0).label("outside"),
        func.coalesce(func.sum(case((Ask.overrode != "", 1), else_=0)), 0).label("overridden"),
    ).where(*_within(session, first))
    row = session.execute(counted).one()
    return Month(first, row.asks, row.outside, row.overridden)


def reported(session: Session, first: date, *, after: str | None = None) -> Page:
    """Return a page of what the month's report lists, as ``AskRow``, written down last first."""
    return asks_page_by_record(session, or_(Ask.is_outside, Ask.overrode != ""), *_within(session, first), after=after)


def all_reported(session: Session, first: date) -> Iterator[AskRow]:
    """Yield everything the month's report lists, for a file: some lines at a time, by their key, and all of them."""
    chosen, after = (or_(Ask.is_outside, Ask.overrode != ""), *_within(session, first)), None
    while True:
        page = asks_page_by_record(session, *chosen, after=after, size=AT_ONCE)
        yield from page.rows
        after = page.next
        if after is None:
            return


def _within(session: Session, first: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    zone, following = programme_zone(session), date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return Ask.recorded_at >= start_of_day(first, zone), Ask.recorded_at < start_of_day(following, zone)
