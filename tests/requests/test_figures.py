"""The programme owner's figures about references, each a rule with a table of cases."""

from datetime import date, timedelta

import pytest

from portal.requests.rules.figures import (
    Cell,
    Gap,
    Share,
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
    [
        ([], None, None),
        ([5], 5, None),
        ([9, 1, 5], 5, None),
        (list(range(1, 10)), 5, None),
        (list(range(1, 11)), 5.5, 9),
        (list(range(1, 12)), 6, 10),
    ],
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


FREE_SLOTS = [(4, 90, 0, 4), (4, 90, 1, 3), (1, 30, 0, 3), (4, 180, 0, 2), (1, 365, 0, 0), (2, 90, 5, 0), (0, 90, 0, 0)]


@pytest.mark.parametrize(("most", "days", "held", "free"), FREE_SLOTS)
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


def test_gaps_compare_places_folded_and_call_them_as_they_were_asked_for_most() -> None:
    supply = {Cell("Énergie", "1–49", "EMEA"): 2, Cell("energie", "1–49", "emea"): 1, Cell("Énergie", "1–49", "EMEA", "analytics"): 3}
    demand = {Cell("energie", product="ANALYTICS"): 2, Cell("Énergie", product="Analytics"): 3, Cell(region="Emea"): 1}
    assert gaps(supply, demand) == [Gap(Cell("Énergie", product="Analytics"), 3, 5), Gap(Cell(region="Emea"), 3, 1)]
