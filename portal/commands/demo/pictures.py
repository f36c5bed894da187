"""Pictures for the demo, drawn: a soft gradient and one simple shape."""

import colorsys
import io
from math import cos, pi, sin

from PIL import Image, ImageDraw

SIZE, LARGER = (640, 360), 2
Colour = tuple[int, int, int]


def _colour(hue: int, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 360 / 360, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _ring(points: int, inner: float, turn: float = -pi / 2) -> list[tuple[float, float]]:
    """Return a star: outer points at 1, inner ones at ``inner``."""
    radii = [1.0, inner] * points
    return [(r * cos(turn + i * pi / points), r * sin(turn + i * pi / points)) for i, r in enumerate(radii)]


# Each shape is a list of (primitive, its numbers, filled with colour or with light) in a square from -1 to 1.
SHAPES: dict[str, list[tuple[str, list[float] | list[tuple[float, float]], bool]]] = {
    "card": [("round", [-1, -0.62, 1, 0.62], True), ("box", [-1, -0.3, 1, -0.08], False), ("round", [-0.8, 0.2, -0.2, 0.36], False)],
    "tree": [
        ("box", [-0.1, 0.3, 0.1, 1], False),
        ("poly", [(0, -1), (0.75, 0.1), (-0.75, 0.1)], True),
        ("poly", [(0, -0.5), (0.9, 0.6), (-0.9, 0.6)], True),
    ],
    "heart": [
        ("oval", [-0.9, -0.75, 0.05, 0.2], True),
        ("oval", [-0.05, -0.75, 0.9, 0.2], True),
        ("poly", [(-0.86, -0.1), (0.86, -0.1), (0, 0.9)], True),
    ],
    "cup": [("oval", [0.3, -0.4, 1, 0.3], True), ("oval", [0.48, -0.22, 0.82, 0.12], False), ("round", [-0.8, -0.7, 0.55, 0.8], True)],
    "dome": [("half", [-0.8, -0.8, 0.8, 0.8], True), ("round", [-1, 0.08, 1, 0.5], True), ("oval", [-0.2, -1.15, 0.2, -0.75], True)],
    "sun": [("poly", _ring(12, 0.72), True), ("oval", [-0.5, -0.5, 0.5, 0.5], False)],
    "cap": [("poly", [(0, -0.7), (1.1, -0.2), (0, 0.3), (-1.1, -0.2)], True), ("poly", [(-0.6, 0.1), (0.6, 0.1), (0.6, 0.6), (-0.6, 0.6)], True)],
    "gear": [("poly", _ring(9, 0.75), True), ("oval", [-0.62, -0.62, 0.62, 0.62], True), ("oval", [-0.28, -0.28, 0.28, 0.28], False)],
    "ticket": [("round", [-1.1, -0.55, 1.1, 0.55], True), ("oval", [-1.3, -0.2, -0.9, 0.2], False), ("oval", [0.9, -0.2, 1.3, 0.2], False)],
    "plate": [("oval", [-0.9, -0.9, 0.9, 0.9], True), ("oval", [-0.6, -0.6, 0.6, 0.6], False), ("oval", [-0.5, -0.5, 0.5, 0.5], True)],
    "star": [("poly", _ring(5, 0.42), True)],
    "book": [("round", [-0.75, -0.9, 0.75, 0.9], True), ("box", [-0.5, -0.9, -0.38, 0.9], False), ("round", [-0.15, -0.55, 0.5, -0.35], False)],
}


def draw(shape: str, hue: int) -> bytes:
    """Return a PNG of ``shape`` on a soft ground of ``hue``."""
    width, height = SIZE[0] * LARGER, SIZE[1] * LARGER
    light, soft, strong = _colour(hue, 0.07, 0.98), _colour(hue, 0.24, 0.93), _colour(hue, 0.55, 0.52)
    mask = Image.linear_gradient("L").rotate(-25, expand=True).crop((70, 70, 270, 270)).resize((width, height))
    picture = Image.composite(Image.new("RGB", (width, height), soft), Image.new("RGB", (width, height), light), mask)
    pen, unit = ImageDraw.Draw(picture), height * 0.2

    def placed(numbers: list[float]) -> list[float]:
        return [n * unit + (width if i % 2 == 0 else height) / 2 for i, n in enumerate(numbers)]

    for primitive, numbers, is_strong in SHAPES[shape]:
        fill = strong if is_strong else _colour(hue, 0.15, 0.96)
        flat = [n for pair in numbers for n in (pair if isinstance(pair, tuple) else (pair,))]
        at = placed(flat)
        if primitive == "poly":
            pen.polygon(at, fill=fill)
        elif primitive == "oval":
            pen.ellipse(at, fill=fill)
        elif primitive == "half":
            pen.pieslice(at, 180, 360, fill=fill)
        elif primitive == "round":
            pen.rounded_rectangle(at, radius=unit * 0.12, fill=fill)
        else:
            pen.rectangle(at, fill=fill)
    return _png(picture.resize(SIZE, Image.Resampling.LANCZOS))


def snapshot(hue: int) -> bytes:
    """Return a small picture such as somebody uploads: sky, two lines of hills, something bright. No two hues look alike."""
    width, height = 480, 320
    picture = Image.new("RGB", (width, height), _colour(hue, 0.2, 0.95))
    pen, bright = ImageDraw.Draw(picture), 60 + hue * 83 % 360
    pen.ellipse([bright - 32, 60 - hue % 30, bright + 32, 124 - hue % 30], fill=_colour(hue * 7, 0.45, 1))
    for line, (base, ground) in enumerate(((190, 0.75), (245, 0.5))):
        crest = [(x, base + 34 * sin(x / 55 + hue * (line + 1)) + 14 * sin(x / 21 + hue)) for x in range(0, width + 20, 20)]
        pen.polygon([(0, height), *crest, (width, height)], fill=_colour(hue * 5, 0.35, ground))
    return _png(picture)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=False)
    return out.getvalue()
