"""Reading a table from whatever bytes a spreadsheet wrote."""

import gzip
import io

import pytest

from portal.imports.rules.refusals import NoRows, NotATable, TooManyRows, UnpackedTooLarge
from portal.imports.rules.tables import read_head, read_table
from tests.imports.samples import CONSTITUENTS, SUBMISSIONS

PLAIN = "name,place\nBrown–Forman,Köln\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (PLAIN.encode(), "UTF-8"),
        (PLAIN.encode("utf-8-sig"), "UTF-8"),
        (PLAIN.encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + PLAIN.encode("utf-16-be"), "UTF-16"),
        (PLAIN.encode("cp1252"), "Windows-1252"),
        (gzip.compress(PLAIN.encode(), mtime=0), "UTF-8"),
        (gzip.compress(PLAIN.encode("utf-8-sig"), mtime=0), "UTF-8"),
        (PLAIN.replace("\n", "\r\n").encode(), "UTF-8"),
        (PLAIN.replace("\n", "\r").encode(), "UTF-8"),
        (PLAIN.rstrip().encode(), "UTF-8"),
    ],
)
def test_encodings_marks_packing_and_line_ends_are_found(content: bytes, encoding: str) -> None:
    table = read_table(content)
    assert (table.encoding, table.header, table.rows) == (encoding, ["name", "place"], [(2, ["Brown–Forman", "Köln"])])


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_the_delimiter_is_found(delimiter: str) -> None:
    table = read_table(f'a{delimiter}b\n"x, y; z | w"{delimiter}2\n3{delimiter}4\n'.encode())
    assert (table.delimiter, table.header, table.rows[0][1]) == (delimiter, ["a", "b"], ["x, y; z | w", "2"])


def test_a_first_line_may_name_the_delimiter() -> None:
    assert read_table(b"sep=;\na;b\n1,5;2\n").rows == [(3, ["1,5", "2"])]


def test_one_column_is_a_table_too() -> None:
    assert read_table(b"name\nAda, Countess\n").broken[0][0] == 2
    assert read_table(b"name\nAda\n").rows == [(2, ["Ada"])]


def test_lines_are_counted_over_breaks_inside_cells_and_blank_lines() -> None:
    table = read_table(b'a,b\n1,"two\nlines"\n\n3,4\n')
    assert table.rows == [(2, ["1", "two\nlines"]), (5, ["3", "4"])]


def test_a_row_of_another_length_is_broken_and_the_others_are_kept() -> None:
    table = read_table(b"a,b\n1\n2,3,4\n5,6\n7,8,,\n")
    assert [line for line, _ in table.broken] == [2, 3]
    assert table.broken[1][1].text == "has 3 cells where the header has 2"
    assert [row for _, row in table.rows] == [["5", "6"], ["7", "8"]]


def test_a_quotation_mark_that_is_never_closed_is_told_with_its_lines() -> None:
    table = read_table(b'a,b\n1,2\n3,"4\n5,6\n')
    assert table.rows == [(2, ["1", "2"])]
    assert table.broken[0][1].text == "a quotation mark is not closed, or text follows it (lines 3 to 4)"


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", NotATable),
        (b"\n\n", NotATable),
        (b",,\n", NotATable),
        (b"PK\x03\x04\x00\x00", NotATable),
        (b"\x1f\x8b\x08broken", NotATable),
        (gzip.compress(PLAIN.encode(), mtime=0)[:-9], NotATable),
        (b"a,b\n", NoRows),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        read_table(content)


def test_a_packed_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.imports.rules.tables.UNPACKED_LIMIT_MB", 1)
    with pytest.raises(UnpackedTooLarge):
        read_table(gzip.compress(b"a,b\n" + b"1,2\n" * 300_000, mtime=0))


def test_a_table_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.imports.rules.tables.MOST_ROWS", 3)
    assert len(read_table(b"a,b\n" + b"1,2\n" * 3).rows) == 3
    with pytest.raises(TooManyRows):
        read_table(b"a,b\n" + b"1,2\n" * 4)


def test_the_real_files_are_read_whole() -> None:
    companies, submissions = read_table(CONSTITUENTS.read_bytes()), read_table(SUBMISSIONS.read_bytes())
    assert (len(companies.rows), len(companies.broken), len(companies.header)) == (503, 0, 8)
    assert (len(submissions.rows), len(submissions.broken), len(submissions.header)) == (1322, 0, 12)


LONG = "name,place\n" + "".join(f"Firm {number} Köln,“Größe {number}”\n" for number in range(20_000))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (LONG.encode(), "UTF-8"),
        (LONG.encode("utf-8-sig"), "UTF-8"),
        (LONG.encode("utf-16"), "UTF-16"),
        (LONG.encode("cp1252"), "Windows-1252"),
        (gzip.compress(LONG.encode(), mtime=0), "UTF-8"),
    ],
)
@pytest.mark.parametrize("shift", range(4))
def test_the_head_of_a_long_table_is_its_first_whole_rows_wherever_it_is_cut(
    monkeypatch: pytest.MonkeyPatch, content: bytes, encoding: str, shift: int
) -> None:
    monkeypatch.setattr("portal.imports.rules.tables.HEAD_BYTES", 5_000 + shift)
    head, table = read_head(io.BytesIO(content)), read_table(content)
    assert (head.encoding, head.header, head.is_whole, table.is_whole) == (encoding, table.header, False, True)
    assert 50 < len(head.rows) < 400
    assert head.rows == table.rows[: len(head.rows)]
    assert head.broken == []


@pytest.mark.parametrize("content", [PLAIN.encode(), gzip.compress(PLAIN.encode(), mtime=0), CONSTITUENTS.read_bytes()])
def test_the_head_of_a_short_table_is_all_of_it(content: bytes) -> None:
    assert read_head(io.BytesIO(content)) == read_table(content)


def test_a_quotation_mark_that_is_not_closed_within_the_head_is_no_fault_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.imports.rules.tables.HEAD_BYTES", 20)
    head = read_head(io.BytesIO(b'a,b\n1,2\n3,"' + b"x" * 100 + b'"\n'))
    assert (head.rows, head.broken) == ([(2, ["1", "2"])], [])


@pytest.mark.parametrize(
    ("content", "refusal"),
    [(b"", NotATable), (b"PK\x03\x04\x00\x00", NotATable), (b"\x1f\x8b\x08broken", NotATable), (b"a,b\n", NoRows)],
)
def test_what_begins_like_no_table_is_refused_by_its_head(content: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        read_head(io.BytesIO(content))


def test_a_head_costs_the_same_however_long_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in bytes that are read, packed and plain; a bomb is not unpacked either."""
    monkeypatch.setattr("portal.imports.rules.tables.HEAD_BYTES", 1_000)
    for content in (LONG.encode(), gzip.compress(b"a,b\n" + b"1,2\n" * 5_000_000, mtime=0)):
        file = io.BytesIO(content)
        assert not read_head(file).is_whole
        assert file.tell() < len(content)
        assert file.tell() <= 2 * io.DEFAULT_BUFFER_SIZE
