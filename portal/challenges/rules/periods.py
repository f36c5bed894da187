"""Periods: the key under which a submission counts, and when the next one begins. Calendar days of the member's zone, ISO weeks.

Zones differ by up to 26 hours, and people move. So a slot counts against a later start by its key or
by its moments, whichever lasts longer (``counts_now``): one more is never won by moving.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import NamedTuple

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


class Slot(NamedTuple):
    """A slot that was taken: its key, and the moment at which its period is over where it was begun (None for once)."""

    key: str
    ends_at: datetime | None


def counts_now(slot: Slot, key: str, now: datetime) -> bool:
    """Tell whether a slot counts in the period ``key`` that the member is in ``now``.

    It does in its own period and in every earlier one, so that nobody goes back to a day or week
    that was still free in another zone; and until its own period is over, so that two days are not
    used at one moment. Keys of one kind have one length and sort by time; another kind of period,
    before the challenge changed, counts by its moments alone.
    """
    is_later_key = len(slot.key) == len(key) and slot.key >= key
    return is_later_key or (slot.ends_at is not None and slot.ends_at > now)


def free_at(period: Period, slots: Collection[Slot], per_period: int, now: datetime, zone: str) -> datetime | None:
    """Return the first moment after ``now`` at which a slot is free again in ``zone``; None for once."""
    moment = now
    while True:
        begins = next_start(period, moment, zone)
        if begins is None:
            return None
        moment = min([begins, *(slot.ends_at for slot in slots if slot.ends_at is not None and slot.ends_at > moment)])
        key = period_key(period, moment, zone)
        if sum(counts_now(slot, key, moment) for slot in slots) < per_period:
            return moment
