"""The fetcher against a real server on this machine, which these tests alone admit, by arguments."""

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from portal.fetching.addresses import NotFetched, Why
from portal.fetching.fetcher import Fetched, Fetcher
from tests.support.pages import HERE, Pages, fetcher_on


def _why(fetch: Callable[[str], Fetched], url: str) -> Why:
    with pytest.raises(NotFetched) as told:
        fetch(url)
    return told.value.why


@pytest.mark.parametrize("status", [200, 204, 404, 410, 403, 500, 304])
def test_a_page_is_told_by_its_status(pages_port: int, status: int) -> None:
    assert fetcher_on(pages_port).fetch(f"http://reviews.example:{pages_port}/status/{status}") == Fetched(status, "reviews.example", 0)


def test_a_page_is_asked_for_openly_and_without_cookies(pages_port: int) -> None:
    Pages.asked.clear()
    fetched = fetcher_on(pages_port, {"www.reviews.example": [HERE]}).fetch(
        f"http://reviews.example:{pages_port}/to/http://www.reviews.example:{pages_port}/status/200"
    )
    assert fetched == Fetched(200, "www.reviews.example", 1)
    assert [headers["host"] for _path, headers in Pages.asked] == [f"reviews.example:{pages_port}", f"www.reviews.example:{pages_port}"]
    for _path, headers in Pages.asked:
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
def test_every_redirect_is_judged_like_the_first_address(pages_port: int, to: str, why: Why) -> None:
    fetcher = fetcher_on(pages_port, {"inside.example": [ip_address("10.1.2.3")]})
    assert _why(fetcher.fetch, f"http://reviews.example:{pages_port}/to/{to}") is why


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["64:ff9b::a00:1"], ["100.64.0.9"], ["fd00::1", "8.8.8.8"]],
)
def test_a_name_that_leads_into_a_private_network_is_refused_before_anything_is_sent(pages_port: int, addresses: list[str]) -> None:
    fetcher = fetcher_on(pages_port, {"inside.example": [ip_address(one) for one in addresses]})
    assert _why(fetcher.fetch, "http://inside.example/") is Why.PRIVATE


def test_a_name_that_changes_its_mind_is_looked_up_once_and_what_was_judged_is_connected_to(pages_port: int) -> None:
    answers = [[HERE], [ip_address("10.0.0.1")]]
    fetcher = fetcher_on(pages_port, resolve=lambda _host, _port: answers.pop(0))
    assert fetcher.fetch(f"http://flips.example:{pages_port}/status/200").status == 200
    assert answers == [[ip_address("10.0.0.1")]]


def test_the_portals_own_fetcher_does_not_reach_this_machine(pages_port: int) -> None:
    Pages.asked.clear()
    assert _why(Fetcher("test", resolve=lambda _host, _port: [HERE]).fetch, "http://reviews.example/status/200") is Why.PRIVATE
    assert _why(Fetcher("test").fetch, f"http://127.0.0.1:{pages_port}/status/200") is Why.PORT
    assert Pages.asked == []


@pytest.mark.parametrize(("page", "why"), [("loop/0", Why.REDIRECTS), ("flood", Why.SIZE), ("noise", Why.ANSWER)])
def test_a_page_that_never_comes_to_an_end_is_given_up(pages_port: int, page: str, why: Why) -> None:
    assert _why(fetcher_on(pages_port).fetch, f"http://reviews.example:{pages_port}/{page}") is why


def test_a_page_that_drips_is_given_up_in_time(pages_port: int) -> None:
    assert _why(fetcher_on(pages_port, seconds=0.3).fetch, f"http://reviews.example:{pages_port}/drip") is Why.TIME


def test_a_site_without_a_certificate_is_not_believed(pages_port: int) -> None:
    assert _why(fetcher_on(pages_port).fetch, f"https://reviews.example:{pages_port}/status/200") in (Why.CONNECT, Why.CERTIFICATE)


def test_where_nobody_listens_the_site_does_not_answer(pages_port: int) -> None:
    assert _why(fetcher_on(pages_port, ports={1}).fetch, "http://reviews.example:1/") is Why.CONNECT
