"""The programme owner's figures about references: speed, fill rate, concentration, coverage, win rate, bypass. Pure; specification A5 and A7."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import ceil, sqrt
from statistics import median

ALARM = 0.6
"""A Gini above this means that too few carry too much (specification A5)."""
HORIZON_DAYS = 90
DUE_WITHIN = timedelta(hours=72)
LEAST_DEALS = 20
"""Fewer deals than this on either side say nothing about a win rate."""
CERTAIN = 1.96
"""Standard errors: beyond them a difference is more than chance in 19 of 20 comparisons."""
DEAL_BANDS: Sequence[tuple[str, int | None]] = (("under_10k", 10_000), ("under_50k", 50_000), ("under_250k", 250_000), ("more", None))


@dataclass(frozen=True)
class Share:
    """So many ``of`` so many; ``value`` is None of nothing, so that nobody reads 0 % where nothing was counted."""

    number: int
    of: int

    @property
    def value(self) -> float | None:
        return self.number / self.of if self.of else None


@dataclass(frozen=True)
class Spread:
    """How long something took: the middle one, and the one that nine of ten do not exceed; None where nothing was measured."""

    number: int
    median: timedelta | None
    p90: timedelta | None


def spread(lengths: Sequence[timedelta]) -> Spread:
    """Return median and 90th percentile (nearest rank: the smallest length that nine of ten do not exceed)."""
    if not lengths:
        return Spread(0, None, None)
    ordered = sorted(lengths)
    seconds = median(length.total_seconds() for length in ordered)
    return Spread(len(ordered), timedelta(seconds=seconds), ordered[ceil(0.9 * len(ordered)) - 1])


def filled_in_time(requests: Iterable[tuple[date, date | None, bool]], today: date) -> Share:
    """Return how many requests were filled by the day they were needed, of those that can be judged.

    Each is (needed by, day it was completed, whether it has ended). One that still runs before its day is not judged; one that ended
    without completion counts as not filled, as does one whose day is over.
    """
    filled = judged = 0
    for needed_by, done_on, has_ended in requests:
        if not has_ended and done_on is None and needed_by >= today:
            continue
        judged += 1
        filled += done_on is not None and done_on <= needed_by
    return Share(filled, judged)


def gini(people_by_count: Mapping[int, int]) -> float | None:
    """Return how unevenly activities lie on people: 0 if everybody did as many, near 1 if one did all; None where nobody did any.

    ``people_by_count`` tells how many people did how many, those who did none included. G = Σ (2i − n − 1)·x_i / (n·Σ x_i) over
    people in order of x; all people with one count are taken at once, so it costs what there are different counts.
    """
    people = sum(people_by_count.values())
    total = sum(count * number for count, number in people_by_count.items())
    if not people or not total:
        return None
    weighted = before = 0
    for count in sorted(people_by_count):
        number = people_by_count[count]
        # Σ (2i − n − 1) for i from before+1 to before+number
        weighted += count * number * (2 * before + number - people)
        before += number
    return weighted / (people * total)


def is_alarming(concentration: float | None) -> bool:
    """Tell whether too few carry too much."""
    return concentration is not None and concentration > ALARM


@dataclass(frozen=True)
class Cell:
    """One place of the coverage grid; an empty field is any value."""

    industry: str = ""
    size: str = ""
    region: str = ""
    product: str = ""

    def holds(self, other: "Cell") -> bool:
        """Tell whether what stands in ``other`` serves what is wanted here."""
        pairs = ((self.industry, other.industry), (self.size, other.size), (self.region, other.region))
        return all(wanted in ("", there) for wanted, there in pairs) and self.product == other.product


@dataclass(frozen=True)
class Gap:
    """Demand and supply of one cell, in asks over 90 days of supply against 12 months of requests and what is open."""

    cell: Cell
    supply: int
    demand: int

    @property
    def gap(self) -> int:
        return self.demand - self.supply


def gaps(supply: Mapping[Cell, int], demand: Mapping[Cell, int]) -> list[Gap]:
    """Return every cell that was asked for, the worst gap first; of equal ones that with more demand.

    A cell that leaves industry, size or region open is served by all that stands there. Its product has to be among the supply's own:
    supply is handed in once for each product and once without, so that somebody with three products counts once where none is asked for.
    """
    found = [Gap(cell, sum(slots for there, slots in supply.items() if cell.holds(there)), number) for cell, number in demand.items()]
    return sorted(found, key=lambda one: (-one.gap, -one.demand, one.cell.industry, one.cell.size, one.cell.region, one.cell.product))


def free_slots(most: int, days: int, held: int) -> int:
    """Return how many asks a cap lets through in the next 90 days at a steady rate, less those that are open: whole ones, never below none.

    The specification sums free slots; a rolling window frees them all the time, so the rate (``most`` in ``days``) is what one can count on.
    """
    return max(most * HORIZON_DAYS // days - held, 0)


def deal_band(value: int | None) -> str | None:
    """Return the size band of a deal in whole units of money; None where no value is known."""
    if value is None:
        return None
    return next(name for name, below in DEAL_BANDS if below is None or value < below)


class Verdict(StrEnum):
    """What two win rates say. Never that one caused the other: deals for which a reference is found may have been better ones before."""

    TOO_FEW = "too_few"
    CHANCE = "chance"
    MORE = "more"
    FEWER = "fewer"


def compared(with_reference: Share, without: Share) -> Verdict:
    """Compare two win rates: too few to say below 20 deals on either side, else by the two-proportion z-test at 1.96."""
    if min(with_reference.of, without.of) < LEAST_DEALS:
        return Verdict.TOO_FEW
    one, other = with_reference.number / with_reference.of, without.number / without.of
    pooled = (with_reference.number + without.number) / (with_reference.of + without.of)
    error = sqrt(pooled * (1 - pooled) * (1 / with_reference.of + 1 / without.of))
    if error == 0 or abs(one - other) <= CERTAIN * error:
        return Verdict.CHANCE
    return Verdict.MORE if one > other else Verdict.FEWER
