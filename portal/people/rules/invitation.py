"""Reading a pasted list of people: one a line, as mail programs and spreadsheets write them."""

import re
from dataclasses import dataclass
from email.utils import parseaddr

from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean_line

MOST_LINES = 500


class TooManyLines(Refusal):
    """More than one form takes; a file goes through the import."""

    message = N_("Please paste at most %(most)s lines at once, or use the import for a file.")
    field = "lines"


class LineUnreadable(Refusal):
    """A line without an address."""

    message = N_("There is no e-mail address in this line.")


@dataclass(frozen=True)
class Line:
    """One person as pasted. ``name`` is made from the address where none is given."""

    number: int
    text: str
    name: str
    email: str
    company: str


def lines_of(text: str) -> list[tuple[int, str]]:
    """Return the lines that hold something, with their numbers. Refuses more than 500 (``TooManyLines``)."""
    # A tab between two cells of a spreadsheet says more than white space.
    found = [(number, clean_line(line.replace("\t", "; ")).strip(" ;")) for number, line in enumerate(text.splitlines(), 1)]
    found = [(number, line) for number, line in found if line]
    if len(found) > MOST_LINES:
        raise TooManyLines(most=MOST_LINES)
    return found


def read_line(number: int, text: str) -> Line:
    """Return who stands in ``text``: ``Name <address>``, or name, address and company in any order, with comma, semicolon or tab.

    Refuses a line without an address (``LineUnreadable``).
    """
    shown, address = parseaddr(text) if "<" in text else ("", "")
    if "@" in address:
        rest = text.partition(">")[2]
        company = next((part for part in _parts(rest)), "")
        return Line(number, text, shown or name_from(address), address, company)
    parts = _parts(text)
    address = next((part for part in parts if "@" in part), "")
    if not address:
        raise LineUnreadable()
    others = [part for part in parts if part != address]
    return Line(number, text, others[0] if others else name_from(address), address, others[1] if len(others) > 1 else "")


def name_from(address: str) -> str:
    """Return "Ada Moreau" for ada.moreau@kestrel.example."""
    words = re.split(r"[._+\-]+", address.partition("@")[0])
    return " ".join(word.capitalize() for word in words if word) or address


def _parts(text: str) -> list[str]:
    return [part.strip().strip('"').strip() for part in re.split(r"[,;\t]", text) if part.strip().strip('"')]
