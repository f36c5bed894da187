"""What is likely redeemed in the months to come: a range from the last months, and how often such a range was right. Pure.

The rule: of the last twelve whole months, six at least, the mean a month and how widely the months lie around it. A sum of ``h`` later
months then lies, eight times in ten, within ``h·mean ± t·s·√(h + h²/n)``, with the sample's deviation ``s`` and the 90th percentile ``t``
of Student's distribution with ``n − 1`` degrees of freedom: the prediction interval of a sum of independent, equally distributed months
(Hahn and Meeker, Statistical Intervals, 1991, 4.8). Months are neither; so the range is tested against the past, and the page says how it did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, sqrt

HORIZONS = (3, 6, 12)
NEEDED, LOOKED_AT = 6, 12
"""So many whole months are needed, and so many at most are looked at."""
KEPT = 48
"""So many whole months of the past are read."""
LIKELY = 80
"""The range is meant to hold so many times in a hundred."""
_T90 = {5: 1.476, 6: 1.440, 7: 1.415, 8: 1.397, 9: 1.383, 10: 1.372, 11: 1.363}


@dataclass(frozen=True)
class Range:
    """Points that are likely redeemed: at least, in the middle, at most."""

    low: int
    middle: int
    high: int

    def __contains__(self, points: int) -> bool:
        return self.low <= points <= self.high


@dataclass(frozen=True)
class Forecast:
    """``range`` for the next ``months``, None while more months are ``missing``. ``tried`` times in the past such a range held ``held`` times."""

    months: int
    range: Range | None
    missing: int
    tried: int
    held: int
    untried: int
    """How many more months are needed before the first range can be compared with what came."""


def range_of(past: Sequence[int], horizon: int) -> Range | None:
    """Return the range for the sum of the next ``horizon`` months; ``past`` is redeemed a month, the last at the end. None if they are too few."""
    last = past[-LOOKED_AT:]
    count = len(last)
    if count < NEEDED:
        return None
    total = sum(last)
    # Exact, so that months that are all the same have no spread at all.
    variance = Fraction(count * sum(x * x for x in last) - total * total, count * (count - 1))
    middle = Fraction(horizon * total, count)
    spread = _T90[count - 1] * sqrt(variance * (horizon + Fraction(horizon * horizon, count)))
    return Range(max(0, floor(middle - Fraction(spread))), max(0, round(middle)), max(0, ceil(middle + Fraction(spread))))


def forecast(past: Sequence[int], horizon: int) -> Forecast:
    """Return the range for the next ``horizon`` months, and how often the past fell into the range that was given for it then."""
    tried = held = 0
    for then in range(NEEDED, len(past) - horizon + 1):
        given = range_of(past[:then], horizon)
        assert given is not None
        tried += 1
        held += sum(past[then : then + horizon]) in given
    missing, untried = max(0, NEEDED - len(past)), max(0, NEEDED + horizon - len(past))
    return Forecast(horizon, range_of(past, horizon), missing, tried, held, untried)
