"""What a reward is worth in money."""

from decimal import ROUND_HALF_UP, Decimal

POINT_VALUE = Decimal("0.03")


def value_in_cents(*, own: int | None, price: int, point_value: Decimal) -> int:
    """Return what is received in cents: the reward's ``own`` value where it has one, else its price in points at ``point_value`` US dollars."""
    return own if own is not None else int((price * point_value * 100).quantize(Decimal(1), ROUND_HALF_UP))
