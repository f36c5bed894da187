"""Periods: the key under which a submission counts, and when the next one begins. Calendar days of a named zone, ISO weeks."""

from datetime import date, datetime, timedelta

from portal.challenges.rules.states import Period
from portal.kernel.clock import local_date, start_of_day


def period_key(period: Period, moment: datetime, zone: str) -> str:
    """Return ``once``, ``2026-11-21``, ``2026-W47`` or ``2026-11`` for ``moment`` in ``zone``.

    The year of a week is the ISO year: 1 January may still be in week 53 of the year before.
    """
    if period is Period.ONCE:
        return "once"
    day = local_date(moment, zone)
    if period is Period.DAY:
        return day.isoformat()
    if period is Period.WEEK:
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    return f"{day.year:04d}-{day.month:02d}"


def period_keys(moment: datetime, zone: str) -> dict[Period, str]:
    """Return the current key of every kind of period."""
    return {period: period_key(period, moment, zone) for period in Period}


def next_day(period: Period, moment: datetime, zone: str) -> date | None:
    """Return the first day of the next period in ``zone``; None for once."""
    day = local_date(moment, zone)
    if period is Period.DAY:
        return day + timedelta(days=1)
    if period is Period.WEEK:
        return day + timedelta(days=7 - day.weekday())
    if period is Period.MONTH:
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return None


def next_start(period: Period, moment: datetime, zone: str) -> datetime | None:
    """Return the first moment of the next period, in UTC; None for once. Days of 23 and 25 hours end when the calendar says."""
    day = next_day(period, moment, zone)
    return start_of_day(day, zone) if day else None
