"""Days, moments and lengths of time: one place writes them, in one way that nobody misreads."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from config import ROOT
from portal.web.language import clock, day, minute, moment, month, span, until

AT = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
EARLIER = date(2026, 2, 1)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ("4 Nov 2026", "1 Feb 2026", "4 Nov 2026, 00:30:00", "4 Nov 2026, 00:30", "00:30")),
        ("en_GB", ("4 Nov 2026", "1 Feb 2026", "4 Nov 2026, 00:30:00", "4 Nov 2026, 00:30", "00:30")),
        ("en_US", ("Nov 4, 2026", "Feb 1, 2026", "Nov 4, 2026, 12:30:00 AM", "Nov 4, 2026, 12:30 AM", "12:30 AM")),
        ("de", ("04.11.2026", "01.02.2026", "04.11.2026, 00:30:00", "04.11.2026, 00:30", "00:30")),
    ],
)
def test_a_date_is_written_as_the_language_does_and_plain_english_belongs_to_no_country(app: Flask, language: str, expected: tuple[str, ...]) -> None:
    """In the time zone of the programme, where it is past midnight; a date is no moment and stays as it is."""
    with app.test_request_context(), force_locale(language):
        written = (day(AT), day(EARLIER), moment(AT), minute(AT), clock(AT))
    assert tuple(text.replace("\u202f", " ") for text in written) == expected


def test_what_is_due_when_a_day_is_over_is_due_at_the_end_of_that_day(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert until(datetime(2026, 11, 3, 23, 0, tzinfo=UTC)) == "end of 3 Nov 2026"
        assert until(AT) == minute(AT)


def test_months_and_quarters_have_names(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert [month(EARLIER), month(EARLIER, "LLLL y"), month(EARLIER, "QQQ y")] == ["Feb", "February 2026", "Q1 2026"]


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(seconds=3), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=40), "40 minutes"),
        (timedelta(hours=14), "14 hours"),
        (timedelta(days=3), "3 days"),
        (timedelta(days=9), "1 week"),
        (timedelta(days=70), "2 months"),
    ],
)
def test_a_length_of_time_is_said_in_whole_words(app: Flask, length: timedelta, expected: str) -> None:
    with app.test_request_context(), force_locale("en"):
        assert span(length) == expected


def test_nothing_else_writes_dates() -> None:
    """Who formats a date by themselves forgets the reader's language, zone, or the form we chose."""
    formats = re.compile(r"\bformat_(date|datetime|time|timedelta)\b|\.strftime\(")
    found = {str(path.relative_to(ROOT)) for path in (ROOT / "portal").rglob("*.py") if formats.search(path.read_text())}
    # The Date header of a mail and the stamp of a calendar file are no text for people, and the demo's key of a month is no date.
    machines = {"portal/notifications/mails.py", "portal/web/icalendar.py", "portal/commands/demo/challenges.py"}
    assert found - machines == {"portal/web/language.py"}
