"""Days as an iCalendar file (RFC 5545), for the calendar on somebody's desk."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flask import Response

LINE = 75
"""Octets of a line; a longer one is folded."""


@dataclass(frozen=True)
class DayEvent:
    """Something that lasts whole days, ``last`` with them. ``uid`` stays the same whenever it is exported."""

    uid: str
    title: str
    first: date
    last: date
    address: str
    note: str = ""


def calendar_text(name: str, events: Iterable[DayEvent], now: datetime) -> str:
    """Return the text of a calendar, lines ended and folded as the standard wants."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Laurel//Calendar//EN", "CALSCALE:GREGORIAN", f"X-WR-CALNAME:{_escaped(name)}"]
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    for event in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(event.uid)}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{event.first:%Y%m%d}",
            f"DTEND;VALUE=DATE:{event.last + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escaped(event.title)}",
            *([f"DESCRIPTION:{_escaped(event.note)}"] if event.note else []),
            f"URL:{event.address}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(f"{folded}\r\n" for line in [*lines, "END:VCALENDAR"] for folded in _folded(line))


def calendar_response(filename: str, text: str) -> Response:
    """Answer with a calendar as a download."""
    response = Response(text, mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _escaped(text: str) -> str:
    """Return text in which nothing begins a new field: what separates is escaped, and control characters are gone."""
    plain = "".join(c for c in text.replace("\r\n", "\n") if c == "\n" or c >= " ")
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Yield a line in pieces of at most 75 octets, never cut inside a character; all but the first begin with a space."""
    if len(line.encode()) <= LINE:
        yield line
        return
    piece, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > LINE:
            yield piece
            piece, size = " ", 1
        piece, size = piece + character, size + width
    yield piece
