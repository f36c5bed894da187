"""The programme owner's figures about references: speed, fill rate, concentration, coverage. Pure; specification A5 and A7."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from statistics import median

from portal.finding.rules.needs import key_of

ALARM = 0.6
"""A Gini above this means that too few carry too much (specification A5)."""
HORIZON_DAYS = 90
LEAST_MEASURED = 10
"""Of fewer than this nobody says what nine of ten do not exceed."""


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
    """How long something took: the middle one, None where nothing was measured, and what nine of ten do not exceed, None below ten."""

    number: int
    median: timedelta | None
    p90: timedelta | None


def spread(lengths: Sequence[timedelta]) -> Spread:
    """Return median and 90th percentile (nearest rank: the smallest length that nine of ten do not exceed), the latter of ten and more only."""
    if not lengths:
        return Spread(0, None, None)
    ordered = sorted(lengths)
    seconds = median(length.total_seconds() for length in ordered)
    slow = ordered[ceil(0.9 * len(ordered)) - 1] if len(ordered) >= LEAST_MEASURED else None
    return Spread(len(ordered), timedelta(seconds=seconds), slow)


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

    @property
    def key(self) -> "Cell":
        """Return the place as it is compared: industry, region and product folded, as words of profiles are."""
        return Cell(key_of(self.industry), self.size, key_of(self.region), key_of(self.product))


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

    Places are compared by their ``key``, and called as they were asked for most often. A cell that leaves industry, size or region open is
    served by all that stands there. Its product has to be among the supply's own: supply is handed in once for each product and once
    without, so that somebody with three products counts once where none is asked for. Costs what both are together, not their product.
    """
    wanted, called = Counter[Cell](), dict[Cell, Cell]()
    for cell, number in sorted(demand.items(), key=lambda one: (-one[1], _words(one[0]))):
        wanted[cell.key] += number
        called.setdefault(cell.key, cell)
    shapes = {_shape(cell) for cell in wanted}
    there = Counter[Cell]()
    for cell, slots in supply.items():
        key = cell.key
        for shape in shapes:
            parts = zip((key.industry, key.size, key.region), shape, strict=True)
            industry, size, region = (part if is_asked else "" for part, is_asked in parts)
            there[Cell(industry, size, region, key.product)] += slots
    found = [Gap(called[cell], there[cell], number) for cell, number in wanted.items()]
    return sorted(found, key=lambda one: (-one.gap, -one.demand, _words(one.cell)))


def _shape(cell: Cell) -> tuple[bool, bool, bool]:
    """Return which of industry, size and region are asked for."""
    return bool(cell.industry), bool(cell.size), bool(cell.region)


def _words(cell: Cell) -> tuple[str, ...]:
    return cell.industry, cell.size, cell.region, cell.product


def free_slots(most: int, days: int, held: int) -> int:
    """Return how many asks a cap lets through in the next 90 days at a steady rate, less those that are open: whole ones, never below none.

    The specification sums free slots; a rolling window frees them all the time, so the rate (``most`` in ``days``) is what one can count on.
    """
    return max(most * HORIZON_DAYS // days - held, 0)
