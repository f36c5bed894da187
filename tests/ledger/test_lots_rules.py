"""When points lapse, which are taken first, and what comes back: tables of the pure rules."""

from datetime import UTC, date, datetime

import pytest

from portal.ledger.lots import (
    NEVER,
    NO_GRACE,
    Move,
    Policy,
    PolicyKind,
    back,
    end_of_month,
    grace_for,
    lapses_on,
    may_lapse_on,
    month_of,
    read_policy,
    settle,
    take,
)

FIXED = Policy(1, PolicyKind.FIXED, 12)
IDLE = Policy(2, PolicyKind.INACTIVITY, 6)


@pytest.mark.parametrize(
    ("moment", "zone", "month"),
    [
        (datetime(2020, 7, 6, 12, tzinfo=UTC), "Europe/Berlin", date(2020, 7, 1)),
        (datetime(2020, 6, 30, 22, 30, tzinfo=UTC), "Europe/Berlin", date(2020, 7, 1)),
        (datetime(2020, 7, 1, 3, tzinfo=UTC), "America/New_York", date(2020, 6, 1)),
    ],
)
def test_the_month_is_the_programmes(moment: datetime, zone: str, month: date) -> None:
    assert month_of(moment, zone) == month


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        (date(2020, 7, 6), 12, date(2021, 7, 31)),
        (date(2020, 1, 31), 1, date(2020, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2020, 12, 5), 1, date(2021, 1, 31)),
        (date(2020, 11, 30), 1, date(2020, 12, 31)),
        (date(2020, 12, 31), 24, date(2022, 12, 31)),
        (date(2020, 5, 1), 0, date(2020, 5, 31)),
    ],
)
def test_a_period_ends_with_its_month(day: date, months: int, last: date) -> None:
    assert end_of_month(day, months) == last


@pytest.mark.parametrize(
    ("policy", "month", "day", "last"),
    [
        (Policy(), date(2020, 7, 1), date(2020, 7, 6), NEVER),
        (FIXED, date(2020, 7, 1), date(2020, 7, 6), date(2021, 7, 31)),
        # Recorded late: counted from when it was done, and with a week where that has lapsed.
        (FIXED, date(2020, 7, 1), date(2021, 3, 1), date(2021, 7, 31)),
        (FIXED, date(2020, 7, 1), date(2021, 7, 31), date(2021, 7, 31)),
        (FIXED, date(2020, 7, 1), date(2021, 8, 1), date(2021, 8, 8)),
        (FIXED, date(2018, 7, 1), date(2021, 7, 30), date(2021, 8, 6)),
        # From the last activity, whenever it was done.
        (IDLE, date(2018, 7, 1), date(2021, 7, 30), date(2022, 1, 31)),
    ],
)
def test_points_lapse_as_their_policy_says(policy: Policy, month: date, day: date, last: date) -> None:
    assert lapses_on(policy, month=month, day=day) == last


@pytest.mark.parametrize(
    ("lots", "points", "taken"),
    [
        ([(1, 5), (2, 5)], 5, [(1, 5)]),
        ([(1, 5), (2, 5)], 7, [(1, 5), (2, 2)]),
        ([(4, 3), (2, 0), (1, 9)], 4, [(4, 3), (1, 1)]),
        ([(1, 5)], 9, [(1, 5)]),
        ([], 9, []),
    ],
)
def test_lots_are_taken_in_order(lots: list[tuple[int, int]], points: int, taken: list[tuple[int, int]]) -> None:
    assert take(lots, points) == taken


def test_what_comes_back_pays_what_is_owed_first() -> None:
    assert back([(1, 5), (2, 5)], 10, "held") == [Move(1, held=-5, open=5), Move(2, held=-5, open=5)]
    assert back([(1, 5), (2, 5)], 3, "held") == [Move(1, held=-5, paid=5), Move(2, held=-5, open=3, paid=2)]
    assert back([(1, 5), (2, 5)], 3, "spent") == [Move(1, spent=-5, paid=5), Move(2, spent=-5, open=3, paid=2)]
    assert back([(1, 5)], 3, "corrected") == [Move(1, corrected=-5, open=3, paid=2)]


@pytest.mark.parametrize(
    ("points", "still_open", "expired", "settled"),
    [(100, 40, 60, 60), (100, 100, 60, 0), (100, 0, 60, 60), (50, 0, 60, 50), (50, 70, 60, 0), (50, 20, 0, 0)],
)
def test_of_a_gift_that_is_reversed_what_is_open_is_taken_and_then_what_has_expired_is_settled(
    points: int, still_open: int, expired: int, settled: int
) -> None:
    assert settle(points, still_open=still_open, expired=expired) == settled


@pytest.mark.parametrize(
    ("policy", "last", "grace", "is_right"),
    [
        (Policy(), NEVER, NO_GRACE, True),
        (Policy(), date(2030, 1, 31), NO_GRACE, False),
        (FIXED, date(2021, 7, 31), NO_GRACE, True),
        (FIXED, date(2021, 8, 31), NO_GRACE, False),
        (FIXED, date(2021, 6, 30), NO_GRACE, False),
        (FIXED, NEVER, NO_GRACE, False),
        (FIXED, date(2021, 8, 8), date(2021, 8, 8), True),
        (FIXED, date(2021, 8, 9), date(2021, 8, 8), False),
        (FIXED, date(2021, 7, 8), date(2021, 7, 8), False),
        (IDLE, date(2021, 1, 31), NO_GRACE, True),
        (IDLE, date(2021, 1, 30), NO_GRACE, False),
        (IDLE, date(2020, 6, 30), NO_GRACE, False),
        (IDLE, date(2021, 8, 8), date(2021, 8, 8), True),
        (IDLE, date(2021, 9, 30), date(2021, 8, 8), True),
    ],
)
def test_a_lot_lasts_as_its_policy_says_and_no_other_day(policy: Policy, last: date, grace: date, is_right: bool) -> None:
    assert may_lapse_on(policy, last, month=date(2020, 7, 1), grace_until=grace) is is_right


def test_the_months_own_lot_takes_what_comes_in_until_it_has_lapsed() -> None:
    month = date(2020, 7, 1)
    days = (date(2020, 7, 6), date(2021, 7, 31), date(2021, 8, 1))
    assert [grace_for(FIXED, month=month, day=day) for day in days] == [NO_GRACE, NO_GRACE, date(2021, 8, 8)]
    assert grace_for(IDLE, month=month, day=date(2029, 1, 1)) == grace_for(Policy(), month=month, day=date(2029, 1, 1)) == NO_GRACE


def test_moves_of_one_lot_add_up() -> None:
    assert Move(3, earned=-2, held=-2) + Move(3, open=5, paid=-5) == Move(3, earned=-2, open=5, held=-2, paid=-5)


def test_a_policy_comes_along_as_text() -> None:
    assert read_policy("7:inactivity:6:14:1") == Policy(7, PolicyKind.INACTIVITY, 6, 14, pushes=True)
    assert read_policy(None) == Policy()
