"""Why a count is not changed."""

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_


class OtherChange(Conflict):
    """The form changed a stock before, by another number or of another thing."""

    message = N_("This form changed the stock already, by another number. Look at what is there now, and press again if this is to be done too.")
    field = "change"


class StockOutOfRange(Refusal):
    """A count of things."""

    message = N_("The stock is a number from 0 to %(most)s, or empty for a reward that never runs out.")
    field = "stock"


class StockTooLow(Refusal):
    """More would be taken off the shelf than stands on it."""

    message = N_("There are %(stock)s left, so %(taken)s cannot be taken away.")
    field = "change"


class StockUncounted(Conflict):
    """There is no count to change."""

    message = N_("The stock of this reward is not counted. Start counting first.")
    field = "change"


class StockCounted(Conflict):
    """A count is there; it is changed by adding and taking away, so that nobody overwrites what was redeemed meanwhile."""

    message = N_("The stock of this reward is counted already. Add or take away instead.")
    field = "stock"


class StockStands(Conflict):
    """The reward itself is counted; its pieces would vanish."""

    message = N_("This reward has a stock of its own, with %(stock)s left. Stop counting it first, and count the variants instead.")
    field = "stock"


class StockInVariants(Conflict):
    """Each variant has its own stock."""

    message = N_("This reward comes in variants; each of them has its own stock.")
    field = "stock"
