"""What finance assumes of points, and what outstanding points come to in money. Pure.

Two ideas that are not each other: what a point is *worth* to who receives it, in US dollars, for tax (``PORTAL_POINT_VALUE``, see
``receiving.rules.value``), and what a point *costs* the company when it is redeemed, which only this room knows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from portal.kernel.errors import Refusal
from portal.kernel.text import N_

MICROS = 1_000_000
"""Parts of one unit of the currency in which a cost is kept."""
PLACES = 6
"""Decimals that a cost may have."""
WHOLE = 10_000
"""100 percent, in hundredths of a percent."""
MOST_COST = 1_000 * MICROS
REASON_LENGTH = 500
MATURE_MONTHS = 24
"""A month of earning is old enough to tell how many of its points are redeemed in the end once so many months lie behind it."""
UNIT_NAMES = {"points": N_("points"), "staff": N_("credit of staff")}
"""What the units of the ledger are called."""
LEAST_POINTS = 5_000
"""Of fewer points nothing is said about how many are redeemed in the end."""


class Assumed(StrEnum):
    """What is assumed: the cost of a redeemed point, or the share of outstanding points that will be redeemed."""

    COST = "cost"
    EXPECTED = "expected"


ASSUMED_NAMES = {Assumed.COST: N_("Cost of a point"), Assumed.EXPECTED: N_("Expected redemption")}


class CostOutOfRange(Refusal):
    """A cost is an amount of the currency that can be kept as it is."""

    message = N_("Write an amount from 0 to %(most)s, with %(places)s decimals at most.")
    field = "value"


class ShareOutOfRange(Refusal):
    """A share is a percentage."""

    message = N_("Write a percentage from 0 to 100, with two decimals at most.")
    field = "value"


class AssumedInThePast(Refusal):
    """What was assumed for days gone by stands, so that figures told once stay what they were. Only before the first nothing was told."""

    message = N_("Choose today or a later day. Figures of days gone by stay what they were.")
    field = "from_on"


class ReasonNeeded(Refusal):
    """Who reads the history later reads why."""

    message = N_("Say why, for those who read it later.")
    field = "reason"


@dataclass(frozen=True)
class Standing:
    """One line of the history. ``value`` in millionths of ``currency`` a point, or in hundredths of a percent."""

    id: int
    kind: Assumed
    value: int
    currency: str
    from_on: date
    reason: str
    set_by: int | None
    set_at: datetime

    @property
    def shown(self) -> Decimal:
        """The amount a point, or the percentage, as people write it."""
        return Decimal(self.value) / (MICROS if self.kind is Assumed.COST else 100)


@dataclass(frozen=True)
class Sums:
    """Points of the lots of a month, by where they are. ``until`` is the last day of the lot that lasts longest."""

    month: date
    earned: int = 0
    open: int = 0
    held: int = 0
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    corrected: int = 0
    paid: int = 0
    until: date | None = None

    @property
    def outstanding(self) -> int:
        """What can still be redeemed: open to spend, set aside for a reward, or pending."""
        return self.open + self.held

    @property
    def taken_back(self) -> int:
        """What left by a reversal or a correction."""
        return self.reversed + self.corrected


@dataclass(frozen=True)
class Observed:
    """What became of points that are old enough to tell: ``share`` in hundredths of a percent, None where ``points`` are too few to say."""

    points: int
    redeemed: int
    months: int

    @property
    def share(self) -> int | None:
        return None if self.points < LEAST_POINTS else (self.redeemed * WHOLE + self.points // 2) // self.points


def require_assumption(
    kind: Assumed, value: Decimal | None, reason: str, from_on: date | None, today: date, *, is_first: bool = False
) -> tuple[int, date]:
    """Return the value as it is kept, and the day from which it stands: the first of its kind may begin on a day gone by.

    Refuses: CostOutOfRange, ShareOutOfRange, AssumedInThePast, ReasonNeeded.
    """
    parts, most = (MICROS, MOST_COST) if kind is Assumed.COST else (100, WHOLE)
    kept = value * parts if value is not None and value.is_finite() and 0 <= value <= most // parts else None
    if kept is None or kept != kept.to_integral_value():
        raise CostOutOfRange(most=MOST_COST // MICROS, places=PLACES) if kind is Assumed.COST else ShareOutOfRange()
    if from_on is not None and from_on < today and not is_first:
        raise AssumedInThePast()
    if not reason.strip():
        raise ReasonNeeded()
    return int(kept), from_on or today


def standing_on(history: Iterable[Standing], kind: Assumed, day: date, currency: str | None = "") -> Standing | None:
    """Return what is assumed on ``day``: of what had begun by then the one that began last, and of those of one day the one set last.

    A cost in another currency than the programme's is none: it is never taken for one in this. ``currency`` None takes any, for a day gone by.
    """
    is_other = kind is Assumed.COST and currency is not None
    begun = [line for line in history if line.kind is kind and line.from_on <= day and not (is_other and line.currency != currency)]
    return max(begun, key=lambda line: (line.from_on, line.id), default=None)


def liability(can_spend: int, held: int, expected: int, cost: int) -> int:
    """Return what outstanding points come to, in hundredths of the currency, a half rounded up.

    What members can spend, times the share that is expected to be redeemed (hundredths of a percent), and in full what is held: it is set
    aside for a reward that was asked for already, or waits for its day, and hardly ever lapses. Both times the cost of one (millionths).
    Points that give a right to something are a separate obligation, reckoned less the breakage that is expected: ASC 606-10-55-41 to 45 and
    IFRS 15 B39 to B47. Whether points that are not tied to a sale are revenue deferred or a cost accrued is for the reader's accountants.
    """
    exact = Decimal((can_spend * expected + held * WHOLE) * cost) / (WHOLE * MICROS // 100)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def cost_of(points: int, cost: int) -> int:
    """Return what redeemed points cost, in hundredths of the currency, a half rounded up; ``cost`` in millionths a point."""
    return liability(points, 0, WHOLE, cost)


def observed(months: Iterable[Sums], today: date) -> Observed:
    """Return what became of the points of months that are old enough: those two years back, and those whose every lot has passed its last day.

    Points that were taken back, or paid a debt, could never be redeemed, and are left out. What is still open counts as not redeemed yet.
    """
    then = today.year * 12 + today.month - 1 - MATURE_MONTHS
    old = [sums for sums in months if sums.month.year * 12 + sums.month.month - 1 <= then or (sums.until is not None and sums.until < today)]
    return Observed(sum(s.outstanding + s.spent + s.expired for s in old), sum(s.spent for s in old), len(old))
