"""Periods as tables: keys of days, ISO weeks and months in a member's zone, when the next one begins, and that moving wins nothing."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from portal.challenges.rules.periods import Slot, counts_now, free_at, next_day, next_start, period_key, period_keys
from portal.challenges.rules.states import Period

BERLIN, AUCKLAND, LOS_ANGELES = "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"
KIRITIMATI, PAGO_PAGO = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # +14 and -11


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
        # Sunday 23:59 and Monday 0:00 at both ends of the world.
        (Period.WEEK, at(2026, 11, 22, 9, 59), KIRITIMATI, "2026-W47"),
        (Period.WEEK, at(2026, 11, 22, 10, 0), KIRITIMATI, "2026-W48"),
        (Period.WEEK, at(2026, 11, 23, 10, 59), PAGO_PAGO, "2026-W47"),
        (Period.WEEK, at(2026, 11, 23, 11, 0), PAGO_PAGO, "2026-W48"),
        # 31 December 23:59 and New Year.
        (Period.MONTH, at(2026, 12, 31, 9, 59), KIRITIMATI, "2026-12"),
        (Period.MONTH, at(2026, 12, 31, 10, 0), KIRITIMATI, "2027-01"),
        (Period.MONTH, at(2027, 1, 1, 10, 59), PAGO_PAGO, "2026-12"),
        (Period.DAY, at(2027, 1, 1, 11, 0), PAGO_PAGO, "2027-01-01"),
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


def begun(period: Period, moment: datetime, zone: str) -> Slot:
    return Slot(period_key(period, moment, zone), next_start(period, moment, zone))


@pytest.mark.parametrize(
    ("period", "first", "then", "counts"),
    [
        # One moment at both ends of the world: the earlier day there is no new day.
        (Period.DAY, (at(2026, 11, 22, 9, 59), KIRITIMATI), (at(2026, 11, 22, 9, 59), PAGO_PAGO), True),
        # Saturday 23:59 in Pago Pago is Monday 0:59 in Kiritimati.
        (Period.DAY, (at(2026, 11, 22, 10, 59), PAGO_PAGO), (at(2026, 11, 22, 10, 59), KIRITIMATI), True),
        # A minute later the day is over where it was used, and one is in Monday: Sunday was skipped by flying.
        (Period.DAY, (at(2026, 11, 22, 10, 59), PAGO_PAGO), (at(2026, 11, 22, 11, 0), KIRITIMATI), False),
        # Back from there: Sunday is not given though it was never used.
        (Period.DAY, (at(2026, 11, 22, 11, 0), KIRITIMATI), (at(2026, 11, 22, 12, 0), PAGO_PAGO), True),
        (Period.DAY, (at(2026, 11, 22, 11, 0), KIRITIMATI), (at(2026, 11, 23, 10, 59), PAGO_PAGO), True),
        (Period.DAY, (at(2026, 11, 22, 11, 0), KIRITIMATI), (at(2026, 11, 24, 11, 0), PAGO_PAGO), False),
        # The week of Sunday 23:59, from both ends.
        (Period.WEEK, (at(2026, 11, 22, 9, 59), KIRITIMATI), (at(2026, 11, 23, 10, 59), PAGO_PAGO), True),
        (Period.WEEK, (at(2026, 11, 22, 10, 0), KIRITIMATI), (at(2026, 11, 23, 10, 59), PAGO_PAGO), True),
        (Period.WEEK, (at(2026, 11, 22, 9, 59), KIRITIMATI), (at(2026, 11, 23, 11, 0), PAGO_PAGO), False),
        (Period.WEEK, (at(2026, 11, 23, 10, 59), PAGO_PAGO), (at(2026, 11, 23, 10, 59), KIRITIMATI), True),
        # The last week of a year that has 53, and its December.
        (Period.WEEK, (at(2027, 1, 3, 12), BERLIN), (at(2027, 1, 3, 12), KIRITIMATI), True),
        (Period.WEEK, (at(2027, 1, 3, 12), BERLIN), (at(2027, 1, 3, 23), KIRITIMATI), False),
        (Period.MONTH, (at(2026, 12, 31, 9, 59), KIRITIMATI), (at(2027, 1, 1, 10, 59), PAGO_PAGO), True),
        (Period.MONTH, (at(2026, 12, 31, 10, 0), KIRITIMATI), (at(2027, 1, 1, 10, 59), PAGO_PAGO), True),
        (Period.MONTH, (at(2026, 12, 31, 12), BERLIN), (at(2026, 12, 31, 12), KIRITIMATI), True),
        # Somebody who moves from Berlin to Auckland loses no week by it.
        (Period.WEEK, (at(2026, 11, 18, 12), BERLIN), (at(2026, 11, 22, 22, 59), AUCKLAND), True),
        (Period.WEEK, (at(2026, 11, 18, 12), BERLIN), (at(2026, 11, 22, 23, 0), AUCKLAND), False),
        # Days of 23 and 25 hours.
        (Period.DAY, (at(2026, 3, 28, 23, 0), BERLIN), (at(2026, 3, 29, 21, 59), BERLIN), True),
        (Period.DAY, (at(2026, 3, 28, 23, 0), BERLIN), (at(2026, 3, 29, 22, 0), BERLIN), False),
        (Period.DAY, (at(2026, 10, 24, 22, 0), BERLIN), (at(2026, 10, 25, 22, 59), BERLIN), True),
        (Period.DAY, (at(2026, 10, 24, 22, 0), BERLIN), (at(2026, 10, 25, 23, 0), BERLIN), False),
        (Period.ONCE, (at(2026, 10, 24, 22, 0), BERLIN), (at(2036, 10, 25, 23, 0), KIRITIMATI), True),
    ],
)
def test_a_slot_counts_by_its_key_and_by_its_moments(period: Period, first: tuple[datetime, str], then: tuple[datetime, str], counts: bool) -> None:
    now, zone = then
    assert counts_now(begun(period, *first), period_key(period, now, zone), now) is counts


def test_a_slot_of_another_kind_of_period_counts_until_it_is_over() -> None:
    weekly = begun(Period.WEEK, at(2026, 11, 22, 12), BERLIN)
    assert counts_now(weekly, "2026-11-22", at(2026, 11, 22, 22, 59))
    assert not counts_now(weekly, "2026-11-23", at(2026, 11, 22, 23, 0))
    assert not counts_now(Slot("once", None), "2026-11", at(2026, 11, 22, 12))


@pytest.mark.parametrize(
    ("period", "taken", "now", "zone", "free"),
    [
        (Period.ONCE, [(at(2026, 11, 22, 12), BERLIN)], at(2026, 11, 22, 12), BERLIN, None),
        (Period.WEEK, [(at(2026, 11, 22, 12), BERLIN)], at(2026, 11, 22, 12), BERLIN, at(2026, 11, 22, 23)),
        # In Kiritimati it is Monday already: free as soon as the week of Pago Pago is over.
        (Period.WEEK, [(at(2026, 11, 22, 12), PAGO_PAGO)], at(2026, 11, 22, 12), KIRITIMATI, at(2026, 11, 23, 11)),
        # Back in Pago Pago the week used in Kiritimati is still to come, and then counts.
        (Period.WEEK, [(at(2026, 11, 22, 12), KIRITIMATI)], at(2026, 11, 22, 12), PAGO_PAGO, at(2026, 11, 30, 11)),
    ],
)
def test_when_a_slot_is_free_again(period: Period, taken: list[tuple[datetime, str]], now: datetime, zone: str, free: datetime | None) -> None:
    assert free_at(period, [begun(period, *place) for place in taken], 1, now, zone) == free


@pytest.mark.parametrize("period", [Period.DAY, Period.WEEK, Period.MONTH])
@pytest.mark.parametrize("per_period", [1, 2])
def test_whoever_moves_all_the_time_wins_no_more_than_the_calendar_has(period: Period, per_period: int) -> None:
    """However somebody changes their zone: never more slots of one key, and no key that is in no calendar."""
    draw = random.Random(7)
    zones = [KIRITIMATI, PAGO_PAGO, BERLIN, AUCKLAND, LOS_ANGELES]
    start = at(2026, 1, 1, 12)
    keys = {period_key(period, start + timedelta(hours=n), zone) for n in range(91 * 24) for zone in (KIRITIMATI, PAGO_PAGO)}
    for _ in range(20):
        slots: list[Slot] = []
        now = start
        while now < start + timedelta(days=90):
            zone = draw.choice(zones)
            key = period_key(period, now, zone)
            if sum(counts_now(slot, key, now) for slot in slots) < per_period:
                slots.append(begun(period, now, zone))
            now += timedelta(minutes=draw.randrange(1, 600))
        assert len(slots) <= per_period * len(keys)
        assert all(sum(slot.key == key for slot in slots) <= per_period for key in keys)
