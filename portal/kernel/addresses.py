"""Addresses of pages, as people type them."""

from urllib.parse import urlsplit


def is_address(link: str) -> bool:
    """Tell whether this is a whole http(s) address of a page on a named host, without a name or password in it."""
    try:
        found = urlsplit(link)
        port_is_fine = found.port is None or found.port > 0
        return found.scheme in ("http", "https") and "." in (found.hostname or "").strip(".") and not found.username and port_is_fine
    except ValueError:
        return False
