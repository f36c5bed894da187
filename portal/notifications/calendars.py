"""Writing an invitation for calendars (iCalendar, RFC 5545 and 5546), with its time zone."""

from datetime import datetime, timedelta
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText

from portal.notifications.rules import Entry

PRODUCT = "-//Laurel//Requests//EN"


def method_of(entry: Entry) -> str:
    """Return what the reader's calendar is asked to do with the entry."""
    return "CANCEL" if entry.is_cancelled else "REQUEST"


def calendar_text(entry: Entry, *, title: str, text: str, organizer: str, host: str, now: datetime) -> str:
    """Return the entry as text. ``organizer`` is a mail's From, ``host`` makes the ``UID`` unique in the world."""
    calendar, event = Calendar(), Event()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method_of(entry))
    starts = entry.starts_at.astimezone(ZoneInfo(entry.zone))
    event.add("uid", f"{entry.uid}@{host}")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", starts)
    # Reckoned in the zone: an hour stays an hour, also in the night in which the clocks are changed.
    event.add("dtend", (entry.starts_at + timedelta(minutes=entry.minutes)).astimezone(ZoneInfo(entry.zone)))
    event.add("summary", title)
    event.add("description", text)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    if entry.place:
        event.add("location", entry.place)
    name, address = parseaddr(organizer)
    event.add("organizer", _address(name, address))
    for name, address in entry.attendees:
        who = _address(name, address)
        who.params["ROLE"], who.params["PARTSTAT"], who.params["RSVP"] = vText("REQ-PARTICIPANT"), vText("NEEDS-ACTION"), vText("TRUE")
        event.add("attendee", who, encode=False)
    calendar.add_component(event)
    calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written.decode().replace("\r\n", "\n")


def _address(name: str, address: str) -> vCalAddress:
    found = vCalAddress(f"mailto:{address}")
    if name:
        found.params["CN"] = vText(name)
    return found
