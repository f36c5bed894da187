"""The programme owner's figures about references, each a rule with a table of cases."""

from datetime import date, timedelta

import pytest

from portal.requests.rules.figures import (
    Cell,
    Gap,
    Share,
    Verdict,
    compared,
    deal_band,
    filled_in_time,
    free_slots,
    gaps,
    gini,
    is_alarming,
    spread,
)

HOUR, TODAY = timedelta(hours=1), date(2026, 11, 28)


@pytest.mark.parametrize(
    ("hours", "middle", "p90"),
    [([], None, None), ([5], 5, 5), ([1, 3], 2, 3), (list(range(1, 11)), 5.5, 9), (list(range(1, 12)), 6, 10), ([9, 1, 5], 5, 9)],
)
def test_a_length_is_told_by_its_middle_and_by_what_nine_of_ten_do_not_exceed(hours: list[int], middle: float | None, p90: float | None) -> None:
    found = spread([hour * HOUR for hour in hours])
    assert (found.number, found.median, found.p90) == (len(hours), middle and middle * HOUR, p90 and p90 * HOUR)


@pytest.mark.parametrize(
    ("requests", "share"),
    [
        ([], Share(0, 0)),
        ([(TODAY, TODAY, True)], Share(1, 1)),
        ([(TODAY, TODAY + timedelta(days=1), True)], Share(0, 1)),
        ([(TODAY, None, False)], Share(0, 0)),
        ([(TODAY - timedelta(days=1), None, False)], Share(0, 1)),
        ([(TODAY + timedelta(days=9), None, True)], Share(0, 1)),
        ([(TODAY + timedelta(days=9), TODAY, True), (TODAY, None, True)], Share(1, 2)),
    ],
)
def test_a_request_is_filled_in_time_or_not_once_it_can_be_judged(requests: list[tuple[date, date | None, bool]], share: Share) -> None:
    assert filled_in_time(requests, TODAY) == share


def test_nothing_counted_is_no_share() -> None:
    assert Share(0, 0).value is None
    assert Share(1, 4).value == 0.25


@pytest.mark.parametrize(
    ("counts", "value"),
    [
        ({}, None),
        ({0: 5}, None),
        ({3: 7}, 0.0),
        ({0: 1, 1: 1}, 0.5),
        ({0: 9, 10: 1}, 0.9),
        ({0: 99, 1: 1}, 0.99),
        ({1: 1, 2: 1, 3: 1}, 2 / 9),
        ({1: 2, 4: 2}, 0.3),
    ],
)
def test_concentration_is_the_gini_of_what_people_did(counts: dict[int, int], value: float | None) -> None:
    found = gini(counts)
    assert found == (value if value is None else pytest.approx(value))
    if found is not None:
        people = [count for count, number in counts.items() for _ in range(number)]
        plain = sum(abs(one - other) for one in people for other in people) / (2 * len(people) * sum(people))
        assert found == pytest.approx(plain), "the mean difference of all pairs, as the textbook has it"


@pytest.mark.parametrize(("value", "alarm"), [(None, False), (0.6, False), (0.601, True)])
def test_the_alarm_rings_above_six_tenths(value: float | None, alarm: bool) -> None:
    assert is_alarming(value) is alarm


@pytest.mark.parametrize(
    ("most", "days", "held", "free"), [(4, 90, 0, 4), (4, 90, 1, 3), (1, 30, 0, 3), (4, 180, 0, 2), (1, 365, 0, 0), (2, 90, 5, 0), (0, 90, 0, 0)]
)
def test_free_slots_are_what_the_cap_lets_through_in_ninety_days_less_what_is_open(most: int, days: int, held: int, free: int) -> None:
    assert free_slots(most, days, held) == free


def test_gaps_stand_worst_first_and_an_open_field_is_served_by_all() -> None:
    bank, rail = Cell("Banking", "50–249", "EMEA"), Cell("Transport", "5,000+", "APAC")
    boards = Cell("Banking", "50–249", "EMEA", "Boards")
    supply = {bank: 3, rail: 1, boards: 2}
    demand = {Cell(region="EMEA"): 4, rail: 6, boards: 1, Cell(industry="Mining"): 2, Cell(product="Maps"): 1}
    found = gaps(supply, demand)
    assert found == [
        Gap(rail, 1, 6),
        Gap(Cell(industry="Mining"), 0, 2),
        Gap(Cell(region="EMEA"), 3, 4),
        Gap(Cell(product="Maps"), 0, 1),
        Gap(boards, 2, 1),
    ]
    assert [one.gap for one in found] == [5, 2, 1, 1, -1]


@pytest.mark.parametrize(
    ("value", "band"), [(None, None), (0, "under_10k"), (9_999, "under_10k"), (10_000, "under_50k"), (250_000, "more"), (10**12, "more")]
)
def test_deals_of_one_band_are_compared_with_each_other(value: int | None, band: str | None) -> None:
    assert deal_band(value) == band


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (Share(19, 19), Share(1, 100), Verdict.TOO_FEW),
        (Share(0, 0), Share(0, 0), Verdict.TOO_FEW),
        (Share(20, 20), Share(20, 20), Verdict.CHANCE),
        (Share(12, 20), Share(10, 20), Verdict.CHANCE),
        (Share(30, 40), Share(18, 40), Verdict.MORE),
        (Share(18, 40), Share(30, 40), Verdict.FEWER),
    ],
)
def test_win_rates_are_told_apart_only_where_it_is_more_than_chance(one: Share, other: Share, verdict: Verdict) -> None:
    assert compared(one, other) is verdict
