"""How a reward stands for one person: within reach, near, out of stock, at the limit. The database keeps the counts.

What its conditions add (soon, over, a level or country that is missing) is decided in ``conditions``.
"""

from dataclasses import dataclass
from enum import StrEnum


class Reach(StrEnum):
    """How a reward stands for one person."""

    CAN = "can"
    NEAR = "near"
    OUT = "out"
    LIMIT = "limit"
    SOON = "soon"
    OVER = "over"
    LEVEL = "level"
    COUNTRY = "country"


@dataclass(frozen=True)
class Standing:
    """How a reward stands for one person: ``to_go`` points are missing."""

    reach: Reach
    to_go: int = 0


def standing(*, price: int, stock: int | None, limit: int | None, has: int, available: int) -> Standing:
    """Return how a reward of ``price`` stands for a person who has ``available`` points and already ``has`` so many of it.

    Below zero ``available`` is what they owe, which is paid first and so is to go too.
    """
    to_go = max(price - available, 0)
    if limit is not None and has >= limit:
        return Standing(Reach.LIMIT, to_go)
    if stock == 0:
        return Standing(Reach.OUT, to_go)
    return Standing(Reach.NEAR if to_go else Reach.CAN, to_go)


def free_slot(slots: list[int | None], limit: int) -> int | None:
    """Return the first of ``limit`` places that none of a person's redemptions fills, or None if all are filled.

    A redemption from before there was a limit, or from when it was higher, has none of these places
    and fills the first one that is free.
    """
    filled = {slot for slot in slots if slot is not None and slot <= limit}
    free = [place for place in range(1, limit + 1) if place not in filled]
    free = free[sum(slot not in filled for slot in slots) :]
    return free[0] if free else None
