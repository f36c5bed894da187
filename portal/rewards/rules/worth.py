"""What a reward may be said to be worth."""

from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class ValueOutOfRange(Refusal):
    """A value in money."""

    message = N_("The value is an amount from 0 to %(most)s US dollars, or empty for the price at the value of a point.")
    field = "worth"
