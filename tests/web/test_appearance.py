"""Theme and brand."""

import re

import pytest

from portal.kernel.tracks import Track
from portal.rewards.kinds.registry import KINDS
from portal.web.appearance import NIGHT, PAPER, _mix, _read, brand_css, contrast
from tests.support.application import PortalClient

COLORS = ["#1f6f4a", "#000000", "#ffffff", "#ffcc00", "#d4006a", "#7fd1ff", "#808080"]


def _themes(color: str) -> tuple[dict[str, str], dict[str, str]]:
    light, _, dark = (dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]{6})", line)) for line in brand_css(color).strip().splitlines())
    return light, dark


@pytest.mark.parametrize("color", COLORS)
def test_any_brand_colour_can_be_read_in_both_themes(color: str) -> None:
    for theme, surfaces in zip(_themes(color), (PAPER, NIGHT), strict=True):
        primary, content = _read(theme["--color-primary"]), _read(theme["--color-primary-content"])
        assert contrast(primary, content) >= 4.5
        assert contrast(_read(theme["--hero"]), _read(theme["--hero-content"])) >= 4.5
        for surface in surfaces:
            assert contrast(primary, surface) >= 4.45
            assert contrast(primary, _mix(surface, primary, 0.1)) >= 4.45


def test_a_colour_that_can_be_read_is_kept() -> None:
    assert _themes("#1f6f4a")[0]["--color-primary"] == "#1f6f4a"


def test_without_a_brand_colour_nothing_is_set() -> None:
    assert brand_css("") == ""


def test_contrast_is_the_one_of_the_guidelines() -> None:
    assert contrast((1, 1, 1), (0, 0, 0)) == pytest.approx(21)
    assert contrast(_read("#777777"), (1, 1, 1)) == pytest.approx(4.48, abs=0.01)


def test_brand_colours_are_kept_by_the_browser(client: PortalClient) -> None:
    first = client.get("/brand.css?v=1")
    assert first.mimetype == "text/css"
    assert first.headers["Cache-Control"] == "public, max-age=31536000"
    assert client.get("/brand.css?v=1", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_the_system_decides_until_a_theme_is_chosen(client: PortalClient) -> None:
    assert "data-theme" not in client.get("/nothing-here").text.split(">")[1]


@pytest.mark.parametrize(("chosen", "shown"), [("dark", "laurel-dark"), ("light", "laurel")])
def test_a_chosen_theme_is_rendered(client: PortalClient, chosen: str, shown: str) -> None:
    answer = client.post("/theme", data={"theme": chosen}, headers={"Referer": "http://localhost/sign-in?next=%2Finbox"})
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=%2Finbox")
    assert f'data-theme="{shown}"' in client.get("/nothing-here").text


def test_going_back_to_the_system_forgets_the_choice(client: PortalClient) -> None:
    client.post("/theme", data={"theme": "dark"})
    client.post("/theme", data={"theme": "system"})
    assert 'data-theme="' not in client.get("/nothing-here").text


@pytest.mark.parametrize("came", ["https://evil.example/x", "http://localhost//evil.example/x", "http://localhost/\\evil.example", ""])
def test_choosing_a_theme_leads_nowhere_else(client: PortalClient, came: str) -> None:
    location = client.post("/theme", data={"theme": "dark"}, headers={"Referer": came}).location
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_the_style_sheet_has_the_colours_whose_names_templates_put_together(client: PortalClient) -> None:
    with client.application.app_context():
        address = client.application.jinja_env.globals["asset"]("static/src/app.css")
    with client.get(address) as answer:
        built = answer.text
    wanted = {f"track-{track.value}" for track in Track} | {f"medal-{track.value}" for track in Track} | {f"hue-{number}" for number in range(12)}
    wanted |= {kind.look[0] for kind in KINDS.values()}
    assert {name for name in wanted if f".{name}{{" not in built and f".{name} " not in built} == set()
