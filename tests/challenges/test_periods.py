"""Periods as tables: keys of days, ISO weeks and months in the programme's zone, and when the next one begins."""

from datetime import UTC, date, datetime

import pytest

from portal.challenges.rules.periods import next_day, next_start, period_key, period_keys
from portal.challenges.rules.states import Period

BERLIN, AUCKLAND, LOS_ANGELES = "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("period", "moment", "zone", "key"),
    [
        (Period.ONCE, at(2026, 11, 22, 12), BERLIN, "once"),
        (Period.DAY, at(2026, 11, 21, 22, 59), BERLIN, "2026-11-21"),
        (Period.DAY, at(2026, 11, 21, 23, 0), BERLIN, "2026-11-22"),
        # The days on which clocks change have 23 and 25 hours.
        (Period.DAY, at(2026, 3, 28, 22, 59), BERLIN, "2026-03-28"),
        (Period.DAY, at(2026, 3, 28, 23, 0), BERLIN, "2026-03-29"),
        (Period.DAY, at(2026, 3, 29, 21, 59), BERLIN, "2026-03-29"),
        (Period.DAY, at(2026, 3, 29, 22, 0), BERLIN, "2026-03-30"),
        (Period.DAY, at(2026, 10, 25, 22, 59), BERLIN, "2026-10-25"),
        (Period.DAY, at(2026, 10, 25, 23, 0), BERLIN, "2026-10-26"),
        # Sunday, then Monday.
        (Period.WEEK, at(2026, 11, 22, 22, 59), BERLIN, "2026-W47"),
        (Period.WEEK, at(2026, 11, 22, 23, 0), BERLIN, "2026-W48"),
        # The ISO year differs from the calendar year around New Year.
        (Period.WEEK, at(2026, 12, 31, 12), BERLIN, "2026-W53"),
        (Period.WEEK, at(2027, 1, 3, 12), BERLIN, "2026-W53"),
        (Period.WEEK, at(2027, 1, 3, 23, 0), BERLIN, "2027-W01"),
        (Period.WEEK, at(2024, 12, 30, 12), BERLIN, "2025-W01"),
        (Period.WEEK, at(2023, 1, 1, 12), BERLIN, "2022-W52"),
        (Period.MONTH, at(2026, 11, 30, 22, 59), BERLIN, "2026-11"),
        (Period.MONTH, at(2026, 11, 30, 23, 0), BERLIN, "2026-12"),
        # One moment, three calendars.
        (Period.DAY, at(2026, 12, 31, 11, 30), AUCKLAND, "2027-01-01"),
        (Period.DAY, at(2026, 12, 31, 11, 30), LOS_ANGELES, "2026-12-31"),
        (Period.MONTH, at(2026, 12, 31, 11, 30), AUCKLAND, "2027-01"),
    ],
)
def test_the_key_of_a_moment(period: Period, moment: datetime, zone: str, key: str) -> None:
    assert period_key(period, moment, zone) == key


@pytest.mark.parametrize(
    ("period", "moment", "day"),
    [
        (Period.ONCE, at(2026, 11, 22, 12), None),
        (Period.DAY, at(2026, 11, 22, 12), date(2026, 11, 23)),
        (Period.DAY, at(2026, 12, 31, 12), date(2027, 1, 1)),
        (Period.WEEK, at(2026, 11, 22, 12), date(2026, 11, 23)),
        (Period.WEEK, at(2026, 11, 22, 23), date(2026, 11, 30)),
        (Period.MONTH, at(2026, 11, 22, 12), date(2026, 12, 1)),
        (Period.MONTH, at(2026, 12, 31, 12), date(2027, 1, 1)),
        (Period.MONTH, at(2027, 1, 31, 12), date(2027, 2, 1)),
    ],
)
def test_the_first_day_of_the_next_period(period: Period, moment: datetime, day: date | None) -> None:
    assert next_day(period, moment, BERLIN) == day


@pytest.mark.parametrize(
    ("moment", "begins"),
    [
        (at(2026, 3, 28, 12), at(2026, 3, 28, 23)),
        (at(2026, 3, 29, 12), at(2026, 3, 29, 22)),
        (at(2026, 10, 24, 12), at(2026, 10, 24, 22)),
        (at(2026, 10, 25, 12), at(2026, 10, 25, 23)),
    ],
)
def test_a_day_ends_when_the_calendar_says_though_it_has_23_or_25_hours(moment: datetime, begins: datetime) -> None:
    assert next_start(Period.DAY, moment, BERLIN) == begins
    assert period_key(Period.DAY, begins, BERLIN) != period_key(Period.DAY, moment, BERLIN)


def test_once_has_no_next_time() -> None:
    assert next_start(Period.ONCE, at(2026, 11, 22, 12), BERLIN) is None


def test_all_current_keys_at_once() -> None:
    keys = period_keys(at(2026, 11, 21, 12), BERLIN)
    assert keys == {Period.ONCE: "once", Period.DAY: "2026-11-21", Period.WEEK: "2026-W47", Period.MONTH: "2026-11"}
