"""How large a company is, as bands that can be compared. Companies carry free text: a choice of a form, a number, or a range."""

import re
from enum import IntEnum
from functools import lru_cache

from portal.people.rules.company import CompanySize

_NUMBER = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+|\d+")
_THOUSANDS = re.compile(r"(\d+(?:[.,]\d+)?)\s*k\b", re.IGNORECASE)


class Band(IntEnum):
    """Bands of people employed, in order; neighbours differ by one."""

    SMALL = 1
    MEDIUM = 2
    LARGE = 3
    VERY_LARGE = 4
    HUGE = 5


LEAST = {Band.SMALL: 0, Band.MEDIUM: 50, Band.LARGE: 250, Band.VERY_LARGE: 1_000, Band.HUGE: 5_000}
"""The fewest people of each band: the sizes that forms offer."""
BAND_NAMES = dict(zip(Band, (size.value for size in CompanySize), strict=True))


def people_of(size: str) -> int | None:
    """Return how many people ``size`` speaks of, the middle of a range ("50–249", "2,400 people", "10000+", "2.4k"); None where it names none."""
    text = _THOUSANDS.sub(lambda found: str(round(float(found[1].replace(",", ".")) * 1_000)), size)
    numbers = [int(re.sub(r"\D", "", found)) for found in _NUMBER.findall(text)][:2]
    return sum(numbers) // len(numbers) if numbers else None


@lru_cache(maxsize=10_000)
def band_of(size: str) -> Band | None:
    """Return the band of a size, None where it names no number."""
    number = people_of(size)
    return None if number is None else max(band for band, least in LEAST.items() if number >= least)


def likeness(one: Band | None, other: Band | None) -> float:
    """Return 1 for the same band, ½ for neighbours, else 0. Half, since 240 and 260 people are no different worlds; unknown is like nothing."""
    if one is None or other is None:
        return 0.0
    return {0: 1.0, 1: 0.5}.get(abs(one - other), 0.0)
