"""Security headers stand on every answer, whatever it is."""

import pytest
from flask import Flask

from portal.web.security import HEADERS, POLICY
from tests.support.application import PortalClient

ADDRESSES = ["/healthz", "/readyz", "/brand.css", "/mark.svg", "/favicon.ico", "/nothing-here", "/static/manifest.json", "/static/missing.js"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_headers_stand_on_every_answer(client: PortalClient, address: str) -> None:
    answer = client.get(address, buffered=True)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.headers["X-Request-ID"]


def test_headers_stand_on_a_refused_form(client: PortalClient) -> None:
    answer = client.post("/theme", data={"theme": "dark"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert answer.headers["Content-Security-Policy"] == POLICY


def test_the_policy_allows_nothing_inline() -> None:
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
def test_a_form_from_another_site_is_refused(client: PortalClient, origin: str) -> None:
    assert client.post("/theme", data={"theme": "dark"}, headers={"Origin": origin}).status_code == 403


def test_pages_are_not_kept_and_built_files_are(client: PortalClient, app: Flask) -> None:
    assert client.get("/nothing-here").headers["Cache-Control"] == "no-store"
    with app.test_request_context():
        built = app.jinja_env.globals["asset"]("static/src/app.css")
    assert "immutable" in client.get(built, buffered=True).headers["Cache-Control"]


def test_an_unknown_host_is_refused(client: PortalClient) -> None:
    assert client.get("/nothing-here", base_url="http://evil.example").status_code == 400
