"""The range of what is likely redeemed next, and how it did in the past: pure."""

import random

import pytest

from portal.bank.rules.forecast import HORIZONS, NEEDED, Range, forecast, range_of


@pytest.mark.parametrize("past", [[], [100], [100] * (NEEDED - 1)])
def test_too_few_months_give_no_range_and_say_how_many_are_missing(past: list[int]) -> None:
    found = forecast(past, 3)
    assert (found.range, found.missing, found.tried) == (None, NEEDED - len(past), 0)
    assert found.untried == NEEDED + 3 - len(past)


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("each", [0, 1, 100, 10**9])
def test_months_that_are_all_the_same_leave_no_doubt(each: int, horizon: int) -> None:
    found = forecast([each] * 30, horizon)
    assert found.range == Range(each * horizon, each * horizon, each * horizon)
    assert found.tried == found.held == 30 - NEEDED - horizon + 1
    assert (found.missing, found.untried) == (0, 0)


@pytest.mark.parametrize(
    ("past", "horizon", "expected"),
    [
        # n=6, mean 100, s²=4000: 300 ± 1.476·√(4000·(3 + 9/6)) = 300 ± 198.03
        ([0, 100, 100, 100, 100, 200], 3, Range(101, 300, 499)),
        # One burst in twelve months: mean 100, s²=120000, so nothing is excluded at the lower end.
        ([0] * 11 + [1200], 3, Range(0, 300, 1215)),
        # More was returned than redeemed: nothing below zero is forecast.
        ([-50] * 6, 3, Range(0, 0, 0)),
    ],
)
def test_the_range_is_that_of_the_rule(past: list[int], horizon: int, expected: Range) -> None:
    assert range_of(past, horizon) == expected


def test_only_the_last_year_is_looked_at() -> None:
    assert range_of([10**6] * 5 + [7] * 12, 6) == Range(42, 42, 42)


def test_the_past_is_judged_by_what_was_known_then() -> None:
    found = forecast([100] * 6 + [100, 100, 100] + [900] * 3, 3)
    assert found.tried == 4
    assert found.held == 1, "only the months that stayed as they were fell into the range given for them"


def test_the_same_past_gives_the_same_range_and_it_holds_about_as_often_as_it_says() -> None:
    chance = random.Random(7)
    past = [max(0, round(chance.gauss(1_000, 200))) for _month in range(240)]
    found = forecast(past, 3)
    assert found == forecast(list(past), 3)
    assert 0.7 < found.held / found.tried < 0.9
