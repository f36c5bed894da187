"""One request that is measured, and one kind of request; how lists of pages are read through."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlencode

from benchmarks.load import request
from benchmarks.visitors import Visitor

PANEL = (("HX-Request", "true"), ("HX-Target", "panel"))
BY_SCRIPT = (("HX-Request", "true"),)
WHY = "It does not say what changed, so we cannot count it yet."
_addresses = count(1)


@dataclass(frozen=True)
class Ask:
    """One request: who asks for what, with what form; ``headers`` are what htmx adds, or the proxy in front."""

    visitor: Visitor | None
    path: str
    form: Mapping[str, str | list[str]] | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> bytes:
        cookie, token = (self.visitor.cookie, self.visitor.token) if self.visitor else ("", "")
        if self.form is None:
            return request("GET", self.path, cookie, headers=self.headers)
        return request("POST", self.path, cookie, urlencode(self.form, doseq=True), token, self.headers)


Asks = Callable[[int], Iterator[Ask]]


@dataclass(frozen=True)
class Page:
    """A kind of request. ``asks(client)`` yields what one of the parallel clients sends, never the same act twice; ``target`` is x hello."""

    name: str
    target: float | None
    asks: Asks


def from_elsewhere() -> tuple[tuple[str, str], ...]:
    """Return the header by which the proxy in front tells of an address that asked for nothing before: links may be tried so often an hour."""
    number = next(_addresses) % 2**24
    return (("X-Forwarded-For", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"),)
