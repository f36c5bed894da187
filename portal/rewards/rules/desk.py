"""The fulfilment desk: its tabs, what can be done to many at once, and lists of tracking numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.ids import read_id
from portal.kernel.text import N_

MOST_AT_ONCE = 200
MOST_LINES = 1_000
MOST_CHARACTERS = 200_000


class Tab(StrEnum):
    """Where something lies on the desk."""

    APPROVE = "approve"
    ORDER = "order"
    PROVIDER = "provider"
    SEND = "send"
    SENT = "sent"
    FAILED = "failed"


TAB_NAMES = {
    Tab.APPROVE: N_("To approve"),
    Tab.ORDER: N_("To order"),
    Tab.PROVIDER: N_("At the provider"),
    Tab.SEND: N_("To send"),
    Tab.SENT: N_("Sent"),
    Tab.FAILED: N_("Failed"),
}


class NothingChosen(Refusal):
    """No line was ticked."""

    message = N_("Please choose at least one line first.")


class ColumnsMissing(Refusal):
    """The list has no column for the number of the redemption, or none for the tracking number."""

    message = N_("The first line must name the columns “redemption” and “tracking”; “carrier” may follow.")
    field = "text"


class ListTooLong(Refusal):
    """More lines than one list may have."""

    message = N_("One list may have %(most)s lines. Please split it.")
    field = "text"


class LineUnreadable(Refusal):
    """A line without the number of a redemption or without a tracking number."""

    message = N_("This line needs the number of a redemption and a tracking number of at most 80 characters.")


class TrackingMissing(Refusal):
    """A line with the number of a redemption and nothing to give it."""

    message = N_("The tracking number is missing.")


class LineBroken(Refusal):
    """A line that could not be cut into the cells of the header."""

    message = N_("This line does not have the same cells as the first one.")


class LineTwice(Refusal):
    """Two lines of a list are about the same redemption."""

    message = N_("An earlier line is about the same redemption.")


class RedemptionUnknown(Refusal):
    """There is no redemption of this number that goes by post."""

    message = N_("There is no parcel of this number.")


class NotByPost(Refusal):
    """The redemption is of a kind that nobody posts."""

    message = N_("It is not sent by post.")


class AnotherNumber(Conflict):
    """A parcel has a tracking number already, and it is another one."""

    message = N_("It was sent with the tracking number %(tracking)s already.")


@dataclass(frozen=True)
class Line:
    """One line of a list: which redemption, which number; ``refusal`` says why it cannot be used."""

    number: int
    redemption_id: int | None
    tracking: str
    carrier: str
    refusal: Refusal | None = None


def read_lines(header: Sequence[str], rows: Sequence[tuple[int, Sequence[str]]], broken: Sequence[int] = ()) -> list[Line]:
    """Return the lines of a list, each with what is wrong with it by itself; ``broken`` are those that could not be cut into cells.

    Refuses: ColumnsMissing, ListTooLong.
    """
    names = [name.strip().casefold() for name in header]
    if not {"redemption", "tracking"} <= set(names):
        raise ColumnsMissing()
    if len(rows) + len(broken) > MOST_LINES:
        raise ListTooLong(most=MOST_LINES)
    seen: set[int] = set()
    lines = [Line(number, None, "", "", LineBroken()) for number in broken]
    for number, cells in rows:
        said = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        redemption_id = read_id(said.get("redemption", "").lstrip("#"))
        # A spreadsheet that guards its cells writes a quote before what looks like a formula.
        tracking, carrier = said.get("tracking", "").lstrip("'").strip(), said.get("carrier", "").lstrip("'").strip()
        refusal: Refusal | None = None
        if redemption_id is not None and not tracking:
            refusal = TrackingMissing()
        elif redemption_id is None or not 0 < len(tracking) <= 80 or len(carrier) > 60:
            refusal = LineUnreadable()
        elif redemption_id in seen:
            refusal = LineTwice()
        else:
            seen.add(redemption_id)
        lines.append(Line(number, redemption_id, tracking, carrier, refusal))
    return sorted(lines, key=lambda line: line.number)
