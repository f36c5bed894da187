"""QR codes, drawn into the page: no picture to load, and sharp on paper."""

import segno
from markupsafe import Markup


def qr(text: str) -> Markup:
    """Return a QR code of ``text`` as SVG for a page; black, so that it needs a light ground, and a name beside it."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(scale=6, border=2, svgclass="h-auto w-full", lineclass=None, omitsize=True)
    return Markup(drawn)  # noqa: S704, drawn by the library from nothing but squares
