"""Budgets of points a period, and when they are near. Pure. A budget warns; it never keeps anybody from being paid or from redeeming."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.bank.rules.finance import ReasonNeeded
from portal.kernel.errors import Refusal
from portal.kernel.text import N_
from portal.ledger.rules import MOST_POINTS

LEVELS = (80, 100)
"""Percentages of a budget at which admins are told, each once a period."""
MOST_BUDGET = 1_000 * MOST_POINTS


class Counts(StrEnum):
    """What counts against a budget: points given out, less what was taken back; or points redeemed, less what was returned."""

    ISSUED = "issued"
    REDEEMED = "redeemed"


class Period(StrEnum):
    """How long a budget is for, in the programme's calendar."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


COUNTS_NAMES = {Counts.ISSUED: N_("Points given out"), Counts.REDEEMED: N_("Points redeemed")}
PERIOD_NAMES = {Period.MONTH: N_("A month"), Period.QUARTER: N_("A quarter"), Period.YEAR: N_("A year")}
_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


class BudgetOutOfRange(Refusal):
    """A budget is a number of points."""

    message = N_("Write a number of points from 1 to %(most)s, or leave it empty to end the budget.")
    field = "points"


class NoBudgetToEnd(Refusal):
    """Only a budget that stands can be ended."""

    message = N_("There is no such budget to end. Write how many points it should be.")
    field = "points"


@dataclass(frozen=True)
class Planned:
    """A budget as it was set; ``points`` None ends it."""

    id: int
    counts: Counts
    period: Period
    points: int | None
    reason: str
    set_by: int | None
    set_at: datetime


@dataclass(frozen=True)
class Reached:
    """A budget and what counts against it in the period that begins on ``first``; ``until`` is the period's last day."""

    budget: Planned
    first: date
    until: date
    points: int

    @property
    def percent(self) -> int:
        """The share of the budget that is used, whole percents, rounded down: 100 is told when it is reached, not before."""
        return max(0, self.points) * 100 // (self.budget.points or 1)

    @property
    def level(self) -> int | None:
        """The highest level that is reached."""
        return max((level for level in LEVELS if self.percent >= level), default=None)

    @property
    def left(self) -> int:
        """What is left of the budget, below zero once it is passed."""
        return (self.budget.points or 0) - self.points


def first_of(period: Period, day: date) -> date:
    """Return the first day of the period of ``day``."""
    months = _MONTHS[period]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def last_of(period: Period, day: date) -> date:
    """Return the last day of the period of ``day``."""
    first, months = first_of(period, day), _MONTHS[period]
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1) - timedelta(days=1)


def require_budget(points: int | None, reason: str, *, stands: bool) -> None:
    """Refuse a budget that is none, an end of one that does not stand, and either without a reason."""
    if points is not None and not 1 <= points <= MOST_BUDGET:
        raise BudgetOutOfRange(most=MOST_BUDGET)
    if points is None and not stands:
        raise NoBudgetToEnd()
    if not reason.strip():
        raise ReasonNeeded()
