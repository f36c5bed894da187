"""The calendar of what is live when: on which days a challenge is open, and how that looks in a month."""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

_MONTH = re.compile(r"(\d{4})-(\d{2})")
FIRST_YEAR, LAST_YEAR = 1900, 2999


@dataclass(frozen=True)
class Month:
    """A month of the calendar; ``first`` is its first day."""

    first: date

    @cached_property
    def last(self) -> date:
        return self.first.replace(day=monthrange(self.first.year, self.first.month)[1])

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(self.last.day)]

    @property
    def key(self) -> str:
        """The month as it stands in an address."""
        return f"{self.first.year:04d}-{self.first.month:02d}"

    @property
    def before(self) -> "Month | None":
        """The month before, None at the edge of the calendar."""
        day = self.first - timedelta(days=1)
        return Month(day.replace(day=1)) if day.year >= FIRST_YEAR else None

    @property
    def after(self) -> "Month | None":
        """The month after, None at the edge of the calendar."""
        day = self.last + timedelta(days=1)
        return Month(day) if day.year <= LAST_YEAR else None


@dataclass(frozen=True)
class Span:
    """The days on which something is open. ``first`` empty: since before anybody asks; ``last`` empty: without end."""

    first: date | None
    last: date | None

    def holds(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Bar:
    """How a span lies in a month, in days: so many free ones, so many open ones, so many free ones.

    ``is_begun`` and ``goes_on``: it reaches into the month before and the one after.
    """

    lead: int
    length: int
    rest: int
    is_begun: bool
    goes_on: bool


def month_of(asked: str | None, today: date) -> Month:
    """Return the month asked for as ``2026-11``, that of ``today`` where nothing or no month is."""
    found = _MONTH.fullmatch(asked or "")
    if found and FIRST_YEAR <= int(found[1]) <= LAST_YEAR and 1 <= int(found[2]) <= 12:
        return Month(date(int(found[1]), int(found[2]), 1))
    return Month(today.replace(day=1))


def open_span(opens_on: date | None, closes_on: date | None, published_on: date | None, ended_on: date | None) -> Span:
    """Return the days on which a challenge is open.

    From its opening day, but not before it was published; to its closing day, or to when it was closed by hand.
    """
    begins = [day for day in (opens_on, published_on) if day is not None]
    ends = [day for day in (closes_on, ended_on) if day is not None]
    return Span(max(begins, default=None), min(ends, default=None))


def bar_of(span: Span, month: Month) -> Bar | None:
    """Return how a span lies in a month, None where it does not touch it."""
    first, last = span.first or month.first, span.last or month.last
    if first > month.last or last < month.first or last < first:
        return None
    begin, end = max(first, month.first), min(last, month.last)
    lead, length = (begin - month.first).days, (end - begin).days + 1
    is_begun, goes_on = span.first is None or span.first < month.first, span.last is None or span.last > month.last
    return Bar(lead, length, month.last.day - lead - length, is_begun, goes_on)


def count_by_day(spans: Iterable[Span], month: Month) -> list[int]:
    """Return how many of the spans hold each day of a month, in time that grows with spans and days, not with both multiplied."""
    steps = [0] * (month.last.day + 1)
    for span in spans:
        if (bar := bar_of(span, month)) is not None:
            steps[bar.lead] += 1
            steps[bar.lead + bar.length] -= 1
    counts, here = [], 0
    for step in steps[:-1]:
        here += step
        counts.append(here)
    return counts
