"""What of a challenge's points is paid when."""


def pays_at_once(points: int, limit: int, *, needs_check: bool) -> bool:
    """Tell whether a step pays when it is completed: it is worth something, no more than ``limit``, and nobody has to check it."""
    return 0 < points <= limit and not needs_check


def rest_of(offered: int, paid: int) -> int:
    """Return what an approval still pays of the points ``offered`` for the whole, ``paid`` of which steps have paid at once."""
    return max(offered - paid, 0)
