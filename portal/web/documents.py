"""Tables as PDF files, to be kept or printed. The fonts hold Latin, Greek, Cyrillic, Arabic, Hebrew and some more alphabets."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Response, current_app
from flask_babel import gettext as _
from fpdf import FPDF
from fpdf.enums import MethodReturnValue

from portal.kernel.clock import utcnow
from portal.web.language import direction, moment, number

MOST_ROWS = 1_000
_MARGIN, _LINE, _PAD, _BODY, _SMALL = 14.0, 4.6, 1.6, 8.5, 7.5
_GREEN, _INK, _QUIET, _RULE = (0, 95, 64), (28, 37, 48), (89, 98, 108), (222, 220, 212)


@dataclass(frozen=True)
class Column:
    """A column of a table: its title, its share of the width, and whether it holds numbers, which end at one edge."""

    title: str
    share: float
    is_number: bool = False


class _Sheet(FPDF):
    """A4 pages with the same head and foot, and a table whose head is repeated."""

    def __init__(self, title: str, columns: Sequence[Column]) -> None:
        super().__init__(format="A4")
        fonts = Path(current_app.static_folder or "") / "fonts"
        self.add_font("sans", "", fonts / "DejaVuSans.ttf")
        self.add_font("sans", "B", fonts / "DejaVuSans-Bold.ttf")
        self.is_turned = direction() == "rtl"
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(False)
        self.set_title(title)
        self.set_lang(current_app.config["SETTINGS"].language)
        self.set_creator(current_app.config["SETTINGS"].brand_name)
        whole = sum(column.share for column in columns)
        self.columns = [(column, self.epw * column.share / whole) for column in columns]
        self.made = _("Made on %(moment)s", moment=moment(utcnow()))

    def footer(self) -> None:
        self.set_y(-12)
        self._ink(_QUIET, _SMALL)
        self._text(self.epw / 2, self.made, "R" if self.is_turned else "L")
        self._text(self.epw / 2, _("Page %(page)s of %(pages)s", page=number(self.page_no()), pages="{nb}"), "L" if self.is_turned else "R")

    def opening(self, brand: str, title: str, said: Sequence[str]) -> None:
        self.add_page()
        side = "R" if self.is_turned else "L"
        for text, size, color, style in ((brand, 10, _GREEN, "B"), (title, 16, _INK, "B"), *((line, _BODY, _QUIET, "") for line in said)):
            self._ink(color, size, style)
            for line in self._lines(text, self.epw):
                self._text(self.epw, line, side, size * 0.5)
                self.ln(size * 0.5)
        self.ln(3)
        self.heads()

    def heads(self) -> None:
        self.row([column.title for column, _width in self.columns], style="B")

    def row(self, cells: Sequence[str], *, style: str = "") -> None:
        """Write one row, on the next page if it does not fit here. Long texts take several lines."""
        self._ink(_QUIET if style else _INK, _SMALL if style else _BODY, style)
        wrapped = [self._lines(cell, width - 2 * _PAD) for cell, (_column, width) in zip(cells, self.columns, strict=True)]
        height = max(map(len, wrapped)) * _LINE + 2 * _PAD
        if not style and self.get_y() + height > self.h - 18:
            self.add_page()
            self.heads()
            self._ink(_INK, _BODY)
        top, x = self.get_y(), self.w - self.r_margin if self.is_turned else self.l_margin
        for lines, (column, width) in zip(wrapped, self.columns, strict=True):
            x -= width if self.is_turned else 0
            for place, line in enumerate(lines):
                self.set_xy(x + _PAD, top + _PAD + place * _LINE)
                self._text(width - 2 * _PAD, line, "R" if column.is_number is not self.is_turned else "L")
            x += 0 if self.is_turned else width
        self.set_draw_color(*_RULE)
        self.line(self.l_margin, top + height, self.w - self.r_margin, top + height)
        self.set_xy(self.l_margin, top + height)

    def _ink(self, color: tuple[int, int, int], size: float, style: str = "") -> None:
        self.set_text_color(*color)
        self.set_font("sans", style, size)

    def _lines(self, text: str, width: float) -> list[str]:
        if self.get_string_width(text) < width and "\n" not in text:
            return [text]
        found: Any = self.multi_cell(width, _LINE, text, dry_run=True, output=MethodReturnValue.LINES)
        return list(found) or [""]

    def _text(self, width: float, text: str, side: str, height: float = _LINE) -> None:
        # Shaping joins letters and turns what is read from the right; it takes ten times as long, so only where it is needed.
        is_turned = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
        if is_turned:
            self.set_text_shaping(True)
        self.cell(width, height, text, align=side)
        if is_turned:
            self.set_text_shaping(False)


def pdf_response(filename: str, *, title: str, said: Sequence[str], columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> Response:
    """Answer with a PDF download: ``title``, the sentences ``said`` under it, and a table of texts.

    At most ``MOST_ROWS`` rows; the last line says so where there are more.
    """
    sheet = _Sheet(title, columns)
    sheet.opening(current_app.config["SETTINGS"].brand_name, title, said)
    rest = iter(rows)
    for cells in islice(rest, MOST_ROWS):
        sheet.row(cells)
    if next(rest, None) is not None:
        told = _("This file holds the first %(most)s lines. Choose days for the others.", most=number(MOST_ROWS))
        sheet.row([told if place == 1 else "" for place in range(len(columns))])
    response = Response(bytes(sheet.output()), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
