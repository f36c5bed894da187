"""Lists as CSV and Excel files, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Response

from portal.web.language import reader

RISKY = ("=", "+", "-", "@", "\t", "\r")


def guard_cell(value: Any) -> Any:
    """Return ``value`` so that a spreadsheet never runs it: text that begins like a formula gets a leading quote. Numbers stay numbers."""
    if isinstance(value, str) and value.startswith(RISKY):
        return "'" + value
    return "" if value is None else value


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return RFC 4180 text with a header."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([guard_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def csv_response(filename: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """Answer with a CSV download; with a byte order mark, so that spreadsheets read accents right."""
    response = Response("\ufeff" + csv_text(header, rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def xlsx_response(filename: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """Answer with an Excel download: numbers and moments keep their type, moments are in the reader's time zone, text is never a formula."""
    import xlsxwriter  # only here: it takes 20 MB, and most processes never write such a file

    out = io.BytesIO()
    # Written row by row, so that a long list takes little memory.
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    bold, moments = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(header) - 1, 20)
    for place, title in enumerate(header):
        sheet.write_string(0, place, title, bold)
    zone = reader().zone
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, place, cell.astimezone(zone).replace(tzinfo=None), moments)
            elif isinstance(cell, int | Decimal):
                sheet.write_number(number, place, float(cell) if isinstance(cell, Decimal) else cell)
            elif cell is not None and cell != "":
                sheet.write_string(number, place, str(cell))
    book.close()
    response = Response(out.getvalue(), mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
