"""How the portal looks to this reader: the chosen theme, and the colours of the brand."""

import hashlib
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, make_response, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from config import Settings
from portal.web.guards import public
from portal.web.redirects import own_path
from portal.web.transaction import writes

bp = Blueprint("appearance", __name__)
THEMES = {"light": "laurel", "dark": "laurel-dark"}
YEAR = 31_536_000
LAUREL = "#00603f"
LEAF = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{color}" stroke-width="2.2" stroke-linecap="round" '
    'stroke-linejoin="round"><path d="M11 20A7 7 0 0 1 9.8 6.1C15.5 5 17 4.48 19 2c1 2 2 4.18 2 8 0 5.5-4.78 10-10 10Z"/>'
    '<path d="M2 21c0-3 1.85-5.36 5.08-6C9.5 14.52 12 13 13 12"/></svg>'
)

Color = tuple[float, float, float]
WHITE: Color = (1.0, 1.0, 1.0)
INK: Color = (0.09, 0.11, 0.15)
# The surfaces of app.css on which the main colour stands as text, light and dark.
PAPER: list[Color] = [(0.992, 0.988, 0.976), (0.969, 0.961, 0.941)]
NIGHT: list[Color] = [(0.106, 0.125, 0.157), (0.075, 0.094, 0.122)]
ENOUGH = 4.5


def chosen_theme() -> str:
    """Return ``light`` or ``dark`` if the reader chose one on this device, ``system`` otherwise."""
    chosen = request.cookies.get(_cookie(), "")
    return chosen if chosen in THEMES else "system"


def theme_attribute() -> Markup:
    """Return the attribute of the chosen theme for the html element, or nothing, so that the system decides."""
    chosen = chosen_theme()
    return Markup("") if chosen == "system" else Markup(' data-theme="{}"').format(THEMES[chosen])


@bp.post("/theme")
@public
@writes
def theme() -> BaseResponse:
    """Keep the chosen theme on this device and go back to the page it was chosen on."""
    chosen = request.form.get("theme", "")
    response = redirect(_page_before(), 303)
    if chosen in THEMES:
        response.set_cookie(_cookie(), chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=_settings().is_https)
    else:
        response.delete_cookie(_cookie(), httponly=True, samesite="Lax", secure=_settings().is_https)
    return response


def _cookie() -> str:
    return "__Host-theme" if _settings().is_https else "theme"


def _page_before() -> str:
    """Return the page this request came from, if it is one of ours."""
    came = urlsplit(request.referrer or "")
    asked = came.path + (f"?{came.query}" if came.query else "")
    return (own_path(asked) if came.netloc == request.host else None) or "/"


@bp.get("/brand.css")
@public
def brand() -> Response:
    """The brand's colours as variables, on top of app.css. Kept by the browser under the hash in its address."""
    return _kept(brand_css(_settings().brand_color), "text/css")


@bp.get("/mark.svg")
@public
def mark() -> Response:
    """The small leaf in the browser's tab, in the colour of the brand."""
    return _kept(LEAF.format(color=_settings().brand_color or LAUREL), "image/svg+xml")


@bp.get("/favicon.ico")
@public
def favicon() -> Response:
    """The same leaf where a browser asks for it by itself: beside a download or a bare answer, which name no icon."""
    return mark()


def _kept(text: str, mimetype: str) -> Response:
    response = make_response(text)
    response.mimetype = mimetype
    response.headers["Cache-Control"] = f"public, max-age={YEAR if request.args.get('v') else 3600}"
    response.add_etag()
    response.make_conditional(request)
    return response


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


def brand_version() -> str:
    """Return the hash under which browsers keep ``/brand.css``."""
    return hashlib.sha256(brand_css(_settings().brand_color).encode()).hexdigest()[:12]


def brand_css(color: str) -> str:
    """Return variables for ``color`` (#rrggbb): as close to it as text of 4.5:1 allows, in the light and in the dark theme."""
    if not color:
        return ""
    base = _read(color)
    light = _until_readable(base, PAPER, INK)
    dark = _until_readable(base, NIGHT, WHITE)
    hero_dark = _mix(light, INK, 0.35)
    day = _variables(light, _text_on(light), light, _text_on(light))
    night = _variables(dark, _text_on(dark), hero_dark, _text_on(hero_dark))
    media = f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme]) {{ {night} }} }}"
    return f':root, [data-theme="laurel"] {{ {day} }}\n{media}\n[data-theme="laurel-dark"] {{ {night} }}\n'


def _variables(primary: Color, content: Color, hero: Color, hero_content: Color) -> str:
    named = {"--color-primary": primary, "--color-primary-content": content, "--hero": hero, "--hero-content": hero_content}
    return " ".join(f"{name}: {_written(value)};" for name, value in named.items())


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of WCAG 2.2, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _until_readable(color: Color, surfaces: list[Color], towards: Color) -> Color:
    """Move ``color`` towards ink or white until it can be read on each surface, and on each surface tinted with a tenth of it."""
    for step in range(21):
        found = _mix(color, towards, step / 20)
        if all(contrast(found, s) >= ENOUGH and contrast(found, _mix(s, found, 0.1)) >= ENOUGH for s in surfaces):
            return found
    return towards


def _text_on(color: Color) -> Color:
    return max((WHITE, INK), key=lambda text: contrast(text, color))


def _mix(color: Color, other: Color, share: float) -> Color:
    red, green, blue = (a + (b - a) * share for a, b in zip(color, other, strict=True))
    return (red, green, blue)


def _read(text: str) -> Color:
    return (int(text[1:3], 16) / 255, int(text[3:5], 16) / 255, int(text[5:7], 16) / 255)


def _written(color: Color) -> str:
    return "#" + "".join(f"{round(c * 255):02x}" for c in color)


def init(app: Flask) -> None:
    """Offer the chosen theme and the brand's version to the layouts."""
    app.jinja_env.globals.update(chosen_theme=chosen_theme, theme_attribute=theme_attribute, brand_version=brand_version)
