"""Budgets a period, in points or in money, and when they are near. Pure. A budget warns; it never keeps anybody from being paid or from redeeming."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from portal.bank.rules.finance import MICROS, ReasonNeeded
from portal.kernel.errors import Refusal
from portal.kernel.text import N_
from portal.ledger.rules import MOST_POINTS

NEAR = 80
"""The percentage at which a budget is near, where it says nothing else. Admins are told then, and when it is used up, each once a period."""
USED_UP = 100
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


class Measure(StrEnum):
    """What a budget is in: points, or money, as what points cost when they were given out or redeemed."""

    POINTS = "points"
    MONEY = "money"


MEASURE_NAMES = {Measure.POINTS: N_("Points"), Measure.MONEY: N_("Money")}
COUNTS_NAMES = {Counts.ISSUED: N_("Points given out"), Counts.REDEEMED: N_("Points redeemed")}
PERIOD_NAMES = {Period.MONTH: N_("A month"), Period.QUARTER: N_("A quarter"), Period.YEAR: N_("A year")}
_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


class BudgetOutOfRange(Refusal):
    """A budget is a whole number of points."""

    message = N_("Write a whole number of points from 1 to %(most)s, or leave it empty to end the budget.")
    field = "amount"


class MoneyOutOfRange(Refusal):
    """A budget in money is an amount with cents at most."""

    message = N_("Write an amount from 0.01 to %(most)s with two decimals at most, or leave it empty to end the budget.")
    field = "amount"


class CostUnknown(Refusal):
    """Without the cost of a point nothing is known of money."""

    message = N_("Say first what a point costs, under Assumptions: a budget in money is reckoned with it.")
    field = "measure"


class NearOutOfRange(Refusal):
    """A budget is near before it is used up."""

    message = N_("Write a percentage from 1 to 99.")
    field = "near"


class NoBudgetToEnd(Refusal):
    """Only a budget that stands can be ended."""

    message = N_("There is no such budget to end. Write how much it should be.")
    field = "amount"


@dataclass(frozen=True)
class Planned:
    """A budget as it was set, in points or in ``cents`` of a ``currency``; without either it ends that of its measure. ``near`` in percent."""

    id: int
    counts: Counts
    period: Period
    points: int | None
    reason: str
    set_by: int | None
    set_at: datetime
    cents: int | None = None
    currency: str = ""
    near: int = NEAR

    @property
    def measure(self) -> Measure:
        return Measure.MONEY if self.currency else Measure.POINTS

    @property
    def amount(self) -> int | None:
        """How much it is, in points or hundredths of its currency; None ends it."""
        return self.cents if self.currency else self.points


@dataclass(frozen=True)
class Reached:
    """A budget and what counts against it in the period that begins on ``first``; ``until`` is the period's last day.

    Of one in money ``cents`` is what the points cost, and ``unpriced`` are points of days on which their cost was not known in its currency.
    """

    budget: Planned
    first: date
    until: date
    points: int
    cents: int = 0
    unpriced: int = 0

    @property
    def used(self) -> int:
        """What is used, in points or hundredths of its currency."""
        return self.cents if self.budget.currency else self.points

    @property
    def percent(self) -> int:
        """The share of the budget that is used, whole percents, rounded down: 100 is told when it is reached, not before."""
        return max(0, self.used) * 100 // (self.budget.amount or 1)

    @property
    def levels(self) -> tuple[int, int]:
        """The percentages at which admins are told."""
        return self.budget.near, USED_UP

    @property
    def level(self) -> int | None:
        """The highest level that is reached."""
        return max((level for level in self.levels if self.percent >= level), default=None)

    @property
    def left(self) -> int:
        """What is left of the budget, below zero once it is passed."""
        return (self.budget.amount or 0) - self.used


def first_of(period: Period, day: date) -> date:
    """Return the first day of the period of ``day``."""
    months = _MONTHS[period]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def last_of(period: Period, day: date) -> date:
    """Return the last day of the period of ``day``."""
    first, months = first_of(period, day), _MONTHS[period]
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1) - timedelta(days=1)


def require_budget(measure: Measure, amount: Decimal | int | None, reason: str, *, near: int = NEAR, stands: bool) -> int | None:
    """Return how much the budget is, in points or hundredths; None ends one that stands.

    Refuses: BudgetOutOfRange, MoneyOutOfRange, NearOutOfRange, NoBudgetToEnd, ReasonNeeded.
    """
    kept = _kept(measure, amount)
    if not 1 <= near < USED_UP:
        raise NearOutOfRange()
    if kept is None and not stands:
        raise NoBudgetToEnd()
    if not reason.strip():
        raise ReasonNeeded()
    return kept


def _kept(measure: Measure, amount: Decimal | int | None) -> int | None:
    if amount is None:
        return None
    parts = 100 if measure is Measure.MONEY else 1
    given = Decimal(amount)
    exact = given * parts if given.is_finite() and abs(given) <= MOST_BUDGET else Decimal(0)
    if 1 <= exact <= MOST_BUDGET and exact == exact.to_integral_value():
        return int(exact)
    raise MoneyOutOfRange(most=MOST_BUDGET // 100) if measure is Measure.MONEY else BudgetOutOfRange(most=MOST_BUDGET)


def cost_of_parts(parts: Iterable[tuple[int, int | None]]) -> tuple[int, int]:
    """Return what points cost together, in hundredths of the currency, a half rounded up once, and how many had no known cost.

    ``parts`` are points with the cost of one on their days, in millionths.
    """
    exact, unpriced = 0, 0
    for points, cost in parts:
        exact, unpriced = exact + points * (cost or 0), unpriced + (points if cost is None else 0)
    return int((Decimal(exact) / (MICROS // 100)).quantize(Decimal(1), ROUND_HALF_UP)), unpriced
