"""Pages are packed for the portal's own readers only; built files for everybody who takes that."""

import gzip

import pytest

from tests.support.application import PortalClient

GZIP = {"Accept-Encoding": "gzip, br"}


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_page_that_our_own_page_or_the_reader_asked_for_is_packed(client: PortalClient, site: str) -> None:
    plain = client.get("/sign-in")
    packed = client.get("/sign-in", headers=GZIP | {"Sec-Fetch-Site": site})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content_length == len(packed.data) < plain.content_length
    assert b"<title>" in gzip.decompress(packed.data)
    assert set(packed.vary) >= {"Accept-Encoding", "Sec-Fetch-Site"}


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {}])
def test_a_page_that_another_site_may_have_asked_for_shows_no_packed_length(client: PortalClient, headers: dict[str, str]) -> None:
    assert "Content-Encoding" not in client.get("/sign-in", headers=GZIP | headers).headers


def test_who_takes_no_gzip_gets_none(client: PortalClient) -> None:
    refused = {"Accept-Encoding": "gzip;q=0, br", "Sec-Fetch-Site": "none"}
    assert "Content-Encoding" not in client.get("/sign-in", headers=refused).headers
    assert "Content-Encoding" not in client.get("/sign-in", headers={"Sec-Fetch-Site": "none"}).headers


@pytest.mark.parametrize(("name", "kind"), [("static/src/app.css", "text/css"), ("static/src/app.js", "text/javascript")])
@pytest.mark.parametrize(("taken", "coding"), [("gzip", "gzip"), ("gzip, br", "br"), ("gzip, br;q=0", "gzip")])
def test_built_files_are_packed_by_the_build(client: PortalClient, name: str, kind: str, taken: str, coding: str) -> None:
    with client.application.app_context():
        address = client.application.jinja_env.globals["asset"](name)
    with client.get(address) as plain, client.get(address, headers={"Accept-Encoding": taken}) as packed:
        assert plain.mimetype == packed.mimetype == kind
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == coding
        assert "immutable" in packed.headers["Cache-Control"]
        assert len(packed.data) < len(plain.data) / 3
        assert coding != "gzip" or gzip.decompress(packed.data) == plain.data
        assert "Accept-Encoding" in plain.vary
        assert "Accept-Encoding" in packed.vary


def test_small_answers_and_redirects_are_left_alone(client: PortalClient) -> None:
    asked = GZIP | {"Sec-Fetch-Site": "none"}
    assert "Content-Encoding" not in client.get("/", headers=asked).headers
    assert "Content-Encoding" not in client.get("/mark.svg", headers=asked).headers
