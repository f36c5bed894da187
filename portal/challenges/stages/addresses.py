"""Addresses of pages that admins put into a step."""

from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class StepLinkInvalid(Refusal):
    """Not the address of a page."""

    message = N_("This is not a complete web address. It should begin with https://.")
    field = "option_link"
