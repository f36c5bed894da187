"""Pages on this machine for the fetcher, which admits it by arguments here and nowhere else."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote

import pytest

from portal.fetching.addresses import IpAddress, is_public
from portal.fetching.fetcher import Fetcher

HERE = ip_address("127.0.0.1")


class Pages(BaseHTTPRequestHandler):
    """Pages that answer, send on, never end; and what was asked of them."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, dict[str, str]]] = []
    may_end = threading.Event()

    def do_GET(self) -> None:
        self.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        name, _, rest = self.path.removeprefix("/").partition("/")
        if name == "to":
            self._answer(302, ("Location", unquote(rest)))
        elif name == "loop":
            self._answer(301, ("Location", f"/loop/{int(rest or 0) + 1}"))
        elif name == "status":
            self._answer(int(rest), ("Set-Cookie", "a=b"))
        elif name == "flood":
            self._answer(200, *((f"X-{n}", "x" * 1_000) for n in range(90)))
        elif name == "noise":
            self.wfile.write(b"\x00\x01 not http\r\n\r\n")
        elif name == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            self.wfile.flush()
            self.may_end.wait(20)
        self.close_connection = True

    def _answer(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def pages_port() -> Iterator[int]:
    """The port of a server with these pages."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    running.start()
    yield server.server_port
    Pages.may_end.set()
    server.shutdown()
    running.join()
    server.server_close()


def _admits(address: IpAddress) -> bool:
    return address == HERE or is_public(address)


def fetcher_on(port: int, names: dict[str, list[IpAddress]] | None = None, **changed: Any) -> Fetcher:
    """Return a fetcher that finds ``reviews.example`` (and ``names``) here, on this port."""
    known = {"reviews.example": [HERE], **(names or {})}

    def resolve(host: str, _port: int) -> list[IpAddress]:
        if host not in known:
            raise OSError("no such name")
        return known[host]

    return Fetcher("Laurel test", **{"resolve": resolve, "admits": _admits, "ports": {80, 443, port}, **changed})
