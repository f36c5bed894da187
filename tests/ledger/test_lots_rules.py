"""When points lapse, which are taken first, and what comes back: tables of the pure rules."""

from datetime import UTC, date, datetime

import pytest

from portal.ledger.lots import NEVER, Move, Policy, PolicyKind, back, end_of_month, lapses_on, month_of, read_policy, take

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
        # Recorded late: counted from when it was done, with a week at least.
        (FIXED, date(2020, 7, 1), date(2021, 3, 1), date(2021, 7, 31)),
        (FIXED, date(2020, 7, 1), date(2021, 7, 30), date(2021, 8, 6)),
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
    assert back([(1, 5), (2, 5)], 3, "held") == [Move(1, held=-5, taken=5), Move(2, held=-5, open=3, taken=2)]
    assert back([(1, 5), (2, 5)], 3, "spent") == [Move(1, spent=-5, taken=5), Move(2, spent=-5, open=3, taken=2)]
    assert back([(1, 5)], 3, "taken") == [Move(1, taken=-3, open=3)]


def test_a_policy_comes_along_as_text() -> None:
    assert read_policy("7:inactivity:6:14:1") == Policy(7, PolicyKind.INACTIVITY, 6, 14, pushes=True)
    assert read_policy(None) == Policy()
