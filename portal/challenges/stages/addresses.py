"""Addresses of pages that admins put into a step."""

from urllib.parse import urlsplit

from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class StepLinkInvalid(Refusal):
    """Not the address of a page."""

    message = N_("This is not a complete web address. It should begin with https://.")
    field = "option_link"


def is_address(link: str) -> bool:
    """Tell whether this is a whole http(s) address of a page on a named host, without a name or password in it."""
    try:
        found = urlsplit(link)
        port_is_fine = found.port is None or found.port > 0
        return found.scheme in ("http", "https") and "." in (found.hostname or "").strip(".") and not found.username and port_is_fine
    except ValueError:
        return False
