"""Asking a public page whether it is there: resolve once, connect to what was judged, read the head of the answer, follow few redirects.

Sends no cookies and no credentials and never reads the page itself. Takes up to twenty seconds, so it is
called by the worker, outside of any unit of work.
"""

import io
import socket
import ssl
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urljoin

from portal.fetching.addresses import PORTS, IpAddress, NotFetched, Target, Why, is_public, target_of

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 5
MOST_BYTES = 64 * 1024
SECONDS = 15.0
CONNECT_SECONDS = 5.0
ADDRESSES_TRIED = 2

Resolve = Callable[[str, int], Sequence[IpAddress]]


@dataclass(frozen=True)
class Fetched:
    """What a page answered, after ``redirects`` redirects, on ``host``."""

    status: int
    host: str
    redirects: int


def resolve(host: str, port: int) -> Sequence[IpAddress]:
    """Return the addresses of a name, in the order of the system. Raises ``OSError`` where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(info[4][0])) for info in found))


def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True)
class Fetcher:
    """Fetches public pages. ``sender`` stands in the User-Agent, so that a site knows who asks.

    How names are resolved, which addresses are admitted, which ports, and whom to trust are arguments of whoever
    builds it: the portal builds it with none of them, so no setting of an installation opens its own network.
    """

    sender: str
    resolve: Resolve = resolve
    admits: Callable[[IpAddress], bool] = is_public
    ports: Container[int] = PORTS
    trust: Callable[[], ssl.SSLContext] = _trusted
    seconds: float = SECONDS
    most_bytes: int = MOST_BYTES
    clock: Callable[[], float] = field(default=time.monotonic)

    def fetch(self, url: str) -> Fetched:
        """Return how ``url`` answers, its redirects followed. Raises ``NotFetched`` with the reason and where it ended."""
        until, asked = self.clock() + self.seconds, url
        for hop in range(MOST_REDIRECTS + 1):
            target = target_of(asked, ports=self.ports)
            try:
                answer = self._ask(target, until)
            except NotFetched as refused:
                raise NotFetched(refused.why, refused.host or target.host) from None
            to = answer.getheader("Location") if answer.status in REDIRECTS else None
            if not to:
                return Fetched(answer.status, target.host, hop)
            try:
                asked = urljoin(target.url, to.strip())
            except ValueError:
                raise NotFetched(Why.ANSWER, target.host) from None
        raise NotFetched(Why.REDIRECTS, target.host)

    def _ask(self, target: Target, until: float) -> HTTPResponse:
        """Return the head of what one address answers. The connection is closed when this returns."""
        with self._connect(target, until) as plain, _secured(plain, target, self.trust, until - self.clock()) as link:
            try:
                link.settimeout(_left(until - self.clock()))
                link.sendall(self._request(target))
                answer = HTTPResponse(cast(Any, _Read(link, self.most_bytes, until, self.clock)), method="GET")
                answer.begin()
            except TimeoutError:
                raise NotFetched(Why.TIME) from None
            except _TooMuch:
                raise NotFetched(Why.SIZE) from None
            except HTTPException:
                raise NotFetched(Why.ANSWER) from None
            except OSError:
                raise NotFetched(Why.CONNECT) from None
            return answer

    def _connect(self, target: Target, until: float) -> socket.socket:
        for address in self._judged(target):
            try:
                link = socket.create_connection((str(address), target.port), timeout=min(CONNECT_SECONDS, _left(until - self.clock())))
            except TimeoutError:
                reason = Why.TIME
            except OSError:
                reason = Why.CONNECT
            else:
                return link
        raise NotFetched(reason)

    def _judged(self, target: Target) -> Sequence[IpAddress]:
        """Return the addresses to connect to. One that is not admitted bars them all: a name that points both ways means no good."""
        try:
            found = [target.address] if target.address is not None else list(self.resolve(target.host, target.port))
        except (OSError, UnicodeError, ValueError):
            raise NotFetched(Why.NAME) from None
        if not found:
            raise NotFetched(Why.NAME)
        if not all(self.admits(address) for address in found):
            raise NotFetched(Why.PRIVATE)
        return found[:ADDRESSES_TRIED]

    def _request(self, target: Target) -> bytes:
        lines = (
            f"GET {target.path} HTTP/1.1",
            f"Host: {target.authority}",
            f"User-Agent: {self.sender}",
            "Accept: text/html,*/*;q=0.5",
            "Accept-Encoding: identity",
            "Connection: close",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _secured(link: socket.socket, target: Target, trust: Callable[[], ssl.SSLContext], left: float) -> socket.socket:
    """Return the connection itself, or with TLS over it, the certificate proven for the name that was asked for."""
    if target.scheme == "http":
        return link
    try:
        link.settimeout(_left(left))
        return trust().wrap_socket(link, server_hostname=target.host)
    except TimeoutError:
        raise NotFetched(Why.TIME) from None
    except ssl.SSLCertVerificationError:
        raise NotFetched(Why.CERTIFICATE) from None
    except OSError:
        raise NotFetched(Why.CONNECT) from None


def _left(seconds: float) -> float:
    if seconds <= 0:
        raise NotFetched(Why.TIME)
    return seconds


class _TooMuch(OSError):
    """More than we read."""


class _Read(io.RawIOBase):
    """A connection, read up to so many bytes and so long in all: a page that drips byte after byte ends too."""

    def __init__(self, link: socket.socket, most: int, until: float, clock: Callable[[], float]) -> None:
        self.link, self.left, self.until, self.clock = link, most, until, clock

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return this as the file that ``http.client`` reads a head from."""
        return io.BufferedReader(self, 1024)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what comes next. Raises ``TimeoutError`` when the time is over."""
        rest = self.until - self.clock()
        if rest <= 0:
            raise TimeoutError
        if self.left <= 0:
            raise _TooMuch
        self.link.settimeout(rest)
        read = self.link.recv_into(memoryview(buffer)[: self.left])
        self.left -= read
        return read
