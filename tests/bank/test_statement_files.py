"""The statement as a file: what the page shows, with its types, in Excel and on paper; and who decided under which rules."""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy.orm import Session

from portal.bank.actions.adjusting import adjust_points
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.web import documents
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import as_admin
from tests.support.application import PortalClient, SignIn

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def amara(database: Database, sign_in: SignIn) -> PortalClient:
    def made(session: Session) -> int:
        person_id, admin = make_person(session, name="أمارا Okafor").id, as_admin(make_admin(session, name="Ada Admin").id)
        give_points(session, person_id, 500, at=utcnow() - timedelta(days=40))
        adjust_points(
            session, admin, person_id=person_id, points=-30, counts_as_earned=False, category="error", reason='=HYPERLINK("x")', key="a", now=utcnow()
        )
        return person_id

    return sign_in(database.write(made))


def _cells(body: bytes) -> list[list[tuple[str, str]]]:
    """Return (type, value) of each cell: ``s`` is shared or inline text, ``n`` a number."""
    book = zipfile.ZipFile(io.BytesIO(body))
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    rows = []
    for row in sheet.iter(f"{SPACE}row"):
        cells = []
        for cell in row.iter(f"{SPACE}c"):
            texts = [part.text or "" for part in cell.iter() if part.tag in (f"{SPACE}v", f"{SPACE}t", f"{SPACE}f")]
            cells.append(("s" if cell.get("t") in ("s", "inlineStr", "str") else "n", "".join(texts)))
        rows.append(cells)
    return rows


def test_numbers_and_moments_keep_their_type_in_excel_and_text_never_runs(amara: PortalClient) -> None:
    answer = amara.get("/statement?format=xlsx")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement.xlsx"'
    header, correction, earned = _cells(answer.data)
    assert [text for _kind, text in header][:4] == ["booked", "counts_from", "what", "for"]
    assert correction[0][0] == "n", "a moment is a number with a format"
    assert [cell for cell in correction if cell[1] == "-30"] == [("n", "-30")]
    assert ("s", '=HYPERLINK("x")') in correction
    assert ("n", "500") in earned
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(answer.data)).read("xl/worksheets/sheet1.xml")


def test_files_hold_what_fits_the_filter(amara: PortalClient) -> None:
    assert len(_cells(amara.get("/statement?kind=adjust&format=xlsx").data)) == 2
    assert amara.get("/statement?format=doc").mimetype == "text/html", "another kind of file is just the page"


def test_the_statement_can_be_printed(amara: PortalClient) -> None:
    answer = amara.get("/statement?format=pdf")
    assert (answer.mimetype, answer.data[:5]) == ("application/pdf", b"%PDF-")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement.pdf"'
    assert len(re.findall(rb"/Type /Page\b", answer.data)) == 1


def test_paper_says_every_filter_that_leaves_lines_out(amara: PortalClient, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests) -> None:
    told: list[str] = []
    opening = documents._Sheet.opening

    def listen(self: Any, brand: str, title: str, lines: Sequence[str]) -> None:
        told.extend(lines)
        opening(self, brand, title, lines)

    monkeypatch.setattr(documents._Sheet, "opening", listen)
    names = {"month": f"{utcnow():%Y-%m}", "name": f"{utcnow():%B %Y}"}
    for query, said in [
        ("", None),
        ("&kind=adjust", "Kind: Corrected by hand"),
        ("&category=error", "Corrections: Error in our records"),
        ("&month={month}", "Month: {name}"),
        ("&since=2026-01-05&until=2026-01-31", "From: 5 Jan 2026; Until: 31 Jan 2026"),
        ("&q=100%25", "Search: 100%"),
        ("&q=x&kind=earn", "Search: x"),
    ]:
        with subtests.test(query):
            told.clear()
            assert amara.get("/statement?format=pdf" + query.format(**names)).data[:5] == b"%PDF-"
            found = [line for line in told if line.startswith("Only lines that fit")]
            assert found == ([] if said is None else [f"Only lines that fit: {said.format(**names)}."])


def test_a_long_statement_takes_more_pages_and_says_when_it_is_cut(amara: PortalClient, app, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, ...]] = []
    row = documents._Sheet.row
    monkeypatch.setattr(documents._Sheet, "row", lambda self, cells, **more: (written.append(tuple(cells)), row(self, cells, **more))[1])
    monkeypatch.setattr(documents, "MOST_ROWS", 120)
    with app.test_request_context("/"):
        columns = [documents.Column("Day", 10), documents.Column("What", 40), documents.Column("Points", 10, is_number=True)]
        lines = [("27 Nov 2026", f"Line {n} " + "long " * (n % 30), str(n)) for n in range(121)]
        answer = documents.pdf_response("x.pdf", title="Long", said=["Said"], columns=columns, rows=lines)
    pages = len(re.findall(rb"/Type /Page\b", answer.data))
    assert pages > 3
    assert written.count(("Day", "What", "Points")) == pages, "each page begins with the head of the table"
    assert written[-1] == ("", "This file holds the first 120 lines. Choose days for the others.", "")
    assert ("27 Nov 2026", "Line 119 " + "long " * 29, "119") in written
    assert not any(cells[1].startswith("Line 120") for cells in written)
