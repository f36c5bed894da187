"""Where voices are few, weighed against what is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Gap:
    """A kind of company: how many of our customers are one, how many of their people take part, and how often one was asked for as a reference.

    ``industry`` and ``region`` together, or ``size`` alone; the others are empty.
    """

    industry: str
    region: str
    size: str
    companies: int
    members: int
    asked: int = 0

    @property
    def lacks(self) -> int:
        """How many voices less there are than were asked for: demand less supply, never below nothing."""
        return max(self.asked - self.members, 0)

    @property
    def is_gap(self) -> bool:
        """Whether voices are few: fewer than were asked for, or, where nobody asked, fewer than one for each customer."""
        return self.lacks > 0 if self.asked else self.members < self.companies


def worst(found: Iterable[Gap], limit: int) -> list[Gap]:
    """Return the worst gaps: first where most is lacking of what was asked for, then those with the fewest voices for each customer, then the
    largest.
    """
    gaps = (gap for gap in found if gap.is_gap)
    ordered = sorted(gaps, key=lambda gap: (-gap.lacks, gap.members / max(gap.companies, 1), -gap.companies, gap.industry, gap.region))
    return ordered[:limit]
