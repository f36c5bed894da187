"""The fetcher against a real server on this machine, which these tests alone admit, by arguments."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote

import pytest

from portal.outside.addresses import IpAddress, NotFetched, Why, is_public
from portal.outside.fetching import Fetched, Fetcher

HERE = ip_address("127.0.0.1")
PUBLIC = ip_address("8.8.8.8")


class _Pages(BaseHTTPRequestHandler):
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


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server with these pages."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    running.start()
    yield server.server_port
    _Pages.may_end.set()
    server.shutdown()
    running.join()
    server.server_close()


def _admits(address: IpAddress) -> bool:
    return address == HERE or is_public(address)


def _fetcher(port: int, names: dict[str, list[IpAddress]] | None = None, **changed: Any) -> Fetcher:
    known = {"reviews.example": [HERE], **(names or {})}

    def resolve(host: str, _port: int) -> list[IpAddress]:
        if host not in known:
            raise OSError("no such name")
        return known[host]

    return Fetcher("Laurel test", **{"resolve": resolve, "admits": _admits, "ports": {80, 443, port}, **changed})


def _why(fetch: Callable[[str], Fetched], url: str) -> Why:
    with pytest.raises(NotFetched) as told:
        fetch(url)
    return told.value.why


@pytest.mark.parametrize("status", [200, 204, 404, 410, 403, 500, 304])
def test_a_page_is_told_by_its_status(port: int, status: int) -> None:
    assert _fetcher(port).fetch(f"http://reviews.example:{port}/status/{status}") == Fetched(status, "reviews.example", 0)


def test_a_page_is_asked_for_openly_and_without_cookies(port: int) -> None:
    _Pages.asked.clear()
    fetched = _fetcher(port, {"www.reviews.example": [HERE]}).fetch(f"http://reviews.example:{port}/to/http://www.reviews.example:{port}/status/200")
    assert fetched == Fetched(200, "www.reviews.example", 1)
    assert [headers["host"] for _path, headers in _Pages.asked] == [f"reviews.example:{port}", f"www.reviews.example:{port}"]
    for _path, headers in _Pages.asked:
        assert headers["user-agent"] == "Laurel test"
        assert not {"cookie", "authorization", "referer"} & set(headers)


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("http://169.254.169.254/latest/meta-data/", Why.PRIVATE),
        ("http://[::ffff:10.0.0.1]/", Why.PRIVATE),
        ("http://10.0.0.1/", Why.PRIVATE),
        ("http://inside.example/", Why.PRIVATE),
        ("http://2130706433/", Why.HOST),
        ("http://localhost/", Why.HOST),
        ("http://reviews.example:22/", Why.PORT),
        ("http://user:secret@reviews.example/", Why.USER),
        ("file:///etc/passwd", Why.SCHEME),
        ("gopher://reviews.example/", Why.SCHEME),
        ("http://nowhere.example/", Why.NAME),
    ],
)
def test_every_redirect_is_judged_like_the_first_address(port: int, to: str, why: Why) -> None:
    fetcher = _fetcher(port, {"inside.example": [ip_address("10.1.2.3")]})
    assert _why(fetcher.fetch, f"http://reviews.example:{port}/to/{to}") is why


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["64:ff9b::a00:1"], ["100.64.0.9"], ["fd00::1", "8.8.8.8"]],
)
def test_a_name_that_leads_into_a_private_network_is_refused_before_anything_is_sent(port: int, addresses: list[str]) -> None:
    fetcher = _fetcher(port, {"inside.example": [ip_address(one) for one in addresses]})
    assert _why(fetcher.fetch, "http://inside.example/") is Why.PRIVATE


def test_a_name_that_changes_its_mind_is_looked_up_once_and_what_was_judged_is_connected_to(port: int) -> None:
    answers = [[HERE], [ip_address("10.0.0.1")]]
    fetcher = _fetcher(port, resolve=lambda _host, _port: answers.pop(0))
    assert fetcher.fetch(f"http://flips.example:{port}/status/200").status == 200
    assert answers == [[ip_address("10.0.0.1")]]


def test_the_portals_own_fetcher_does_not_reach_this_machine(port: int) -> None:
    _Pages.asked.clear()
    assert _why(Fetcher("test", resolve=lambda _host, _port: [HERE]).fetch, "http://reviews.example/status/200") is Why.PRIVATE
    assert _why(Fetcher("test").fetch, f"http://127.0.0.1:{port}/status/200") is Why.PORT
    assert _Pages.asked == []


@pytest.mark.parametrize(("page", "why"), [("loop/0", Why.REDIRECTS), ("flood", Why.SIZE), ("noise", Why.ANSWER)])
def test_a_page_that_never_comes_to_an_end_is_given_up(port: int, page: str, why: Why) -> None:
    assert _why(_fetcher(port).fetch, f"http://reviews.example:{port}/{page}") is why


def test_a_page_that_drips_is_given_up_in_time(port: int) -> None:
    assert _why(_fetcher(port, seconds=0.3).fetch, f"http://reviews.example:{port}/drip") is Why.TIME


def test_a_site_without_a_certificate_is_not_believed(port: int) -> None:
    assert _why(_fetcher(port).fetch, f"https://reviews.example:{port}/status/200") in (Why.CONNECT, Why.CERTIFICATE)


def test_where_nobody_listens_the_site_does_not_answer(port: int) -> None:
    assert _why(_fetcher(port, ports={1}).fetch, "http://reviews.example:1/") is Why.CONNECT
