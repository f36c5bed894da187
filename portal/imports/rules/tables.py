"""Reading a table from bytes: packed or not, with or without a byte order mark, whatever the encoding and the delimiter."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

from portal.imports.rules.records import Fault
from portal.imports.rules.refusals import NoRows, NotATable, TooManyRows, UnpackedTooLarge
from portal.kernel.text import N_, clean_line

UNPACKED_LIMIT_MB, MOST_ROWS = 200, 1_000_000
DELIMITERS = ",;\t|"
DELIMITER_NAMES = {",": N_("comma"), ";": N_("semicolon"), "\t": N_("tab"), "|": N_("bar")}
HEAD_BYTES = 256_000
SNIFFED_CHARACTERS, SNIFFED_ROWS = 64_000, 50
MAGIC = b"\x1f\x8b"
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
ENCODING_NAMES = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252", "latin-1": "Latin-1"}

csv.field_size_limit(1_000_000)


@dataclass(frozen=True)
class Table:
    """A table as text. Rows carry the line on which they begin, the header being on line 1; ``broken`` are rows that could not be cut into cells.

    A head (``is_whole`` false) has only the first rows.
    """

    encoding: str
    delimiter: str
    header: list[str]
    rows: list[tuple[int, list[str]]]
    broken: list[tuple[int, Fault]]
    is_whole: bool = True


def read_table(content: bytes) -> Table:
    """Return the table in ``content``. Refuses what is no text, has no header, no rows, more than a million of them, or unpacks without end.

    This takes seconds for a large file; pages read the head.
    """
    return _table(_unpack(content), is_whole=True)


def read_head(file: IO[bytes]) -> Table:
    """Return the first rows of the table in ``file``, the whole of a small one, in the same short time whatever its size. Refuses as ``read_table``.

    What lies further down may make the whole another table yet: one that is refused, or in another encoding.
    """
    packed = file.read(2) == MAGIC
    file.seek(0)
    try:
        raw = (gzip.GzipFile(fileobj=file) if packed else file).read(HEAD_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise NotATable() from error
    return _table(raw[:HEAD_BYTES], is_whole=len(raw) <= HEAD_BYTES)


def _table(raw: bytes, *, is_whole: bool) -> Table:
    text, encoding = _decode(raw, is_whole=is_whole)
    text, delimiter, skipped = _delimiter_of(text)
    found = _cut(text, delimiter, skipped)
    if not is_whole:
        # The last row is cut off somewhere; a header that is all there is stays.
        found = found[:-1] or found
    first = next((row for _, row in found if isinstance(row, list)), None)
    if first is None:
        raise NotATable()
    header = [clean_line(name) for name in first]
    if not any(header):
        raise NotATable()
    rows: list[tuple[int, list[str]]] = []
    broken: list[tuple[int, Fault]] = []
    for line, row in found[1:]:
        if isinstance(row, Fault):
            broken.append((line, row))
        elif len(row) == len(header) or (len(row) > len(header) and not any(cell.strip() for cell in row[len(header) :])):
            rows.append((line, row[: len(header)]))
        else:
            facts = {"cells": len(row), "columns": len(header)}
            broken.append((line, Fault(N_("has %(cells)s cells where the header has %(columns)s"), facts)))
    if not rows and not broken and is_whole:
        raise NoRows()
    return Table(ENCODING_NAMES[encoding], delimiter, header, rows, broken, is_whole)


def _unpack(content: bytes) -> bytes:
    if not content.startswith(MAGIC):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            plain = packed.read(UNPACKED_LIMIT_MB * 1_000_000 + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise NotATable() from error
    if len(plain) > UNPACKED_LIMIT_MB * 1_000_000:
        raise UnpackedTooLarge(limit=UNPACKED_LIMIT_MB)
    return plain


def _decode(raw: bytes, *, is_whole: bool) -> tuple[str, str]:
    """Return the text and its encoding. Of a head the last character may be cut in two, and is left out."""
    marked = next((encoding for mark, encoding in MARKS if raw.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "cp1252", "latin-1"]:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(raw, final=is_whole)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise NotATable()


def _delimiter_of(text: str) -> tuple[str, str, int]:
    """Return the text, its delimiter, and how many lines stand before the header. A first line ``sep=;`` says it itself."""
    said = re.match(r"sep=(.)\r?\n", text)
    if said:
        return text[said.end() :], said.group(1), 1
    sample = text[:SNIFFED_CHARACTERS]
    if len(text) > SNIFFED_CHARACTERS:
        sample = sample[: sample.rfind("\n") + 1]
    return text, max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter)), 0


def _evenness(sample: str, delimiter: str) -> tuple[float, int]:
    """Return how well ``delimiter`` cuts ``sample``: the share of rows that have as many cells as the header, then how many cells that is."""
    rows = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if row:
                rows.append(len(row))
            if len(rows) == SNIFFED_ROWS:
                break
    except csv.Error:
        pass
    if not rows or rows[0] < 2:
        return 0.0, 0
    return Counter(rows)[rows[0]] / len(rows), rows[0]


def _cut(text: str, delimiter: str, skipped: int) -> list[tuple[int, list[str] | Fault]]:
    """Return each row that is not blank with the line it begins on. A row that cannot be cut becomes a fault.

    Stops at a million rows: a small packed file may hold many more than the memory takes.
    """
    filled = ((line, row) for line, row in _rows(text, delimiter) if isinstance(row, Fault) or any(cell.strip() for cell in row))
    found = [(line + skipped, row) for line, row in islice(filled, MOST_ROWS + 2)]
    if len(found) > MOST_ROWS + 1:
        raise TooManyRows(limit=MOST_ROWS)
    return found


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | Fault]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            last = reader.line_num
            yield line, Fault(N_("a quotation mark is not closed, or text follows it (lines %(line)s to %(last)s)"), {"line": line, "last": last})
        else:
            yield line, row
