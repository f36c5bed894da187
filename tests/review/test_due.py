"""Business days: a table, and the rule turned round against the rule itself."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.review.rules.due import Calendar, due_at, overdue_until, step_of

BERLIN = "Europe/Berlin"
CHRISTMAS = frozenset({date(2026, 12, 25), date(2027, 1, 1)})


def at(text: str, zone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "days", "due"),
    [
        ("2026-11-24T15:00", 1, "2026-11-25T15:00"),
        ("2026-11-24T15:00", 3, "2026-11-27T15:00"),
        ("2026-11-27T15:00", 1, "2026-11-30T15:00"),  # Friday to Monday
        ("2026-11-28T10:00", 1, "2026-12-01T00:00"),  # Saturday: when Monday is over
        ("2026-11-29T23:59", 1, "2026-12-01T00:00"),
        ("2026-11-30T00:00", 1, "2026-12-01T00:00"),
        ("2026-12-24T09:00", 1, "2026-12-28T09:00"),  # Christmas on a Friday
        ("2026-12-25T09:00", 1, "2026-12-29T00:00"),
        ("2026-12-31T09:00", 2, "2027-01-05T09:00"),  # New Year on a Friday
        ("2027-03-26T12:00", 1, "2027-03-29T12:00"),  # over the night when clocks go forward
        ("2026-10-23T12:00", 1, "2026-10-26T12:00"),  # and back
    ],
)
def test_an_answer_is_due_after_so_many_business_days(since: str, days: int, due: str) -> None:
    assert due_at(at(since), days, Calendar(BERLIN, CHRISTMAS)) == at(due)


@pytest.mark.parametrize(("zone", "due"), [("Pacific/Kiritimati", "2026-11-30T23:00"), ("Pacific/Pago_Pago", "2026-11-27T23:00")])
def test_the_programmes_zone_says_what_day_it_is(zone: str, due: str) -> None:
    since = {"Pacific/Kiritimati": "2026-11-27T23:00", "Pacific/Pago_Pago": "2026-11-26T23:00"}[zone]
    assert due_at(at(since, zone), 1, Calendar(zone)) == at(due, zone)


@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati"])
def test_what_is_overdue_is_told_by_one_moment(zone: str) -> None:
    dice, calendar = random.Random(7), Calendar(zone, CHRISTMAS)
    start = datetime(2026, 12, 15, tzinfo=UTC)
    for _ in range(4_000):
        now = start + timedelta(minutes=dice.randrange(40 * 24 * 60))
        since, days = now - timedelta(minutes=dice.randrange(20 * 24 * 60)), dice.randint(1, 6)
        assert (since <= overdue_until(days, calendar, now)) == (due_at(since, days, calendar) <= now), (since, days, now)


def test_the_moment_itself_is_overdue_and_not_a_tick_before() -> None:
    calendar, since = Calendar(BERLIN), at("2026-11-27T15:00")
    due = due_at(since, 2, calendar)
    assert since <= overdue_until(2, calendar, due)
    assert since > overdue_until(2, calendar, due - timedelta(microseconds=1))


@pytest.mark.parametrize(("now", "step"), [("2026-11-25T14:59", 0), ("2026-11-25T15:00", 1), ("2026-11-26T14:59", 1), ("2026-11-26T15:00", 2)])
def test_twice_the_time_is_the_second_step(now: str, step: int) -> None:
    assert step_of(at("2026-11-24T15:00"), 1, Calendar(BERLIN), at(now)) == step
