"""Markdown: safe, and in an order that screen readers can follow."""

import re

import pytest

from portal.web.markdown import markdown


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("plain", []),
        ("# One\n## Two\n# Three", [3, 4, 3]),
        ("## One\n### Two\n## Three", [3, 4, 3]),
        ("### One\n# Two", [3, 3]),
        ("###### One", [3]),
    ],
)
def test_headings_begin_under_those_of_the_page_and_skip_no_level(text: str, levels: list[int]) -> None:
    html = markdown(text)
    assert [int(level) for level in re.findall(r"<h(\d)>", html)] == levels
    assert [int(level) for level in re.findall(r"</h(\d)>", html)] == levels


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](https://elsewhere.example/x.png)", "<b onclick=x>y</b>", "<h1 style=x>y</h1>"],
)
def test_nothing_runs_and_nothing_is_loaded(text: str) -> None:
    assert not re.search(r"<script|<img|<[^>]*(javascript:|onclick=|style=)", markdown(text))


def test_what_is_allowed_stays() -> None:
    html = markdown("**bold** [link](https://example.com)\n\n- one\n")
    assert "<strong>bold</strong>" in html
    assert '<a href="https://example.com" rel="noopener nofollow">link</a>' in html
    assert "<li>one</li>" in html
