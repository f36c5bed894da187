"""Who may wait for what is sold out, and how many are told when pieces come back.

First come, first served: who is told holds nothing and is charged nothing, and the piece goes to whoever redeems first.
"""

from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class NotSoldOut(Refusal):
    """There is one left, so there is nothing to wait for."""

    message = N_("There is one left: you can redeem it now.")
    status = 409


def require_sold_out(stock: int | None) -> None:
    """Refuses: NotSoldOut."""
    if stock != 0:
        raise NotSoldOut()


def was_empty(*, left: int, came: int) -> bool:
    """Tell whether nothing was on the shelf before ``came`` pieces made it ``left``."""
    return left <= came


def nobody_knows(*, stock: int | None, who_know: int, untold: int) -> int:
    """Return of how many pieces nobody who waits knows: one for each who waits ``untold``, as far as ``stock`` goes; None is without end."""
    return untold if stock is None else max(min(untold, stock - who_know), 0)


def may_be_told(*, open_pieces: int, stock: int | None, told_since: int) -> int:
    """Return how many more may be told of pieces that came back.

    ``open_pieces`` of them nobody was told about; ``stock`` are there now, None without end; ``told_since`` people were told since
    they came and still wait, so that two returns at once never call more people than there are pieces.
    """
    return open_pieces if stock is None else max(min(open_pieces, stock - told_since), 0)
