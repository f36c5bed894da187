"""The week in which admins corrected points: when it is told, and what it is called. Pure."""

from datetime import date, datetime, timedelta

from portal.kernel.clock import local_date

HOUR = 6
"""A week is told from this hour of the Monday after it, when whatever was sent before midnight is long written."""
MOST_LINES = 20
"""So many corrections stand in the mail, those of most points; all of them on the page that it leads to."""
MOST_WEEKS = 8
"""After a time without worker so many weeks are told at most."""
_WEEK = timedelta(days=7)


def last_week(now: datetime, zone: str) -> date:
    """Return the Monday of the last ISO week that is over, and told by now, in ``zone``."""
    day = local_date(now - timedelta(hours=HOUR), zone)
    return day - timedelta(days=day.weekday()) - _WEEK


def due_weeks(told: date | None, last: date) -> list[date]:
    """Return the Mondays of the weeks to tell, the first first: those after ``told``, or ``last`` alone where none was ever told."""
    first = last if told is None else max(told + _WEEK, last - (MOST_WEEKS - 1) * _WEEK)
    return [first + place * _WEEK for place in range((last - first) // _WEEK + 1)]


def end_of_week(first: date) -> date:
    """Return the Sunday of the week that begins on ``first``."""
    return first + timedelta(days=6)


def week_name(first: date) -> str:
    """Return what ISO 8601 calls the week of ``first``, such as 2026-W48."""
    year, week, _day = first.isocalendar()
    return f"{year}-W{week:02}"
