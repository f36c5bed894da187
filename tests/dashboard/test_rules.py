"""Pure decisions of the pages made of many rooms."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.dashboard.queries.overview import PointsTotals
from portal.dashboard.rules import (
    Change,
    Greeting,
    Stretch,
    change,
    first_name,
    greeting,
    is_late,
    item_of,
    month_so_far,
    month_starts,
    months_back,
    round_top,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (0, Greeting.EVENING),
        (4, Greeting.MORNING),
        (11, Greeting.MORNING),
        (12, Greeting.AFTERNOON),
        (17, Greeting.AFTERNOON),
        (18, Greeting.EVENING),
    ],
)
def test_a_greeting_follows_the_clock(hour: int, expected: Greeting) -> None:
    assert greeting(hour) is expected


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (0, 0, Change.NOTHING),
        (5, 5, Change.SAME),
        (3, 0, Change.FIRST),
        (114, 87, Change.CHANCE_MORE),
        (114, 60, Change.MORE),
        (60, 114, Change.FEWER),
        (0, 2, Change.CHANCE_FEWER),
        (0, 4, Change.FEWER),
        (11, 8, Change.CHANCE_MORE),
    ],
)
def test_chance_is_not_called_a_trend(now: int, before: int, expected: Change) -> None:
    assert change(now, before) is expected


def test_late_begins_after_three_days() -> None:
    assert not is_late(NOW - timedelta(days=3) + timedelta(seconds=1), NOW)
    assert is_late(NOW - timedelta(days=3), NOW)


def test_a_month_is_compared_with_as_many_days_of_the_one_before() -> None:
    here, before = month_so_far(NOW, "UTC")
    assert here == Stretch(datetime(2026, 11, 1, tzinfo=UTC), NOW)
    assert before == Stretch(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 22, 12, tzinfo=UTC))


def test_a_short_month_before_is_taken_whole() -> None:
    here, before = month_so_far(datetime(2026, 3, 31, 12, tzinfo=UTC), "UTC")
    assert before.until == here.since == datetime(2026, 3, 1, tzinfo=UTC)


def test_months_begin_where_the_programme_is() -> None:
    late = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert month_starts(late, "Europe/Berlin")[-1] == date(2026, 11, 1)
    assert month_starts(late, "UTC")[-1] == date(2026, 10, 1)


def test_twelve_months_end_with_this_one() -> None:
    starts = month_starts(NOW, "UTC")
    assert (len(starts), starts[0], starts[-1]) == (12, date(2025, 12, 1), date(2026, 11, 1))


@pytest.mark.parametrize(("first", "number", "expected"), [(date(2026, 1, 1), 1, date(2025, 12, 1)), (date(2026, 11, 1), 23, date(2024, 12, 1))])
def test_months_are_counted_back_over_new_year(first: date, number: int, expected: date) -> None:
    assert months_back(first, number) == expected


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 4), (4, 4), (5, 6), (9, 10), (10, 10), (11, 20), (21, 40), (41, 60), (61, 80), (81, 100), (150, 200), (1_001, 2_000)]
)
def test_an_axis_ends_in_a_round_number(highest: int, top: int) -> None:
    assert round_top(highest) == top


@pytest.mark.parametrize(
    ("key", "item"),
    [("attempt-12", ("attempt", 12)), ("attempt-x", None), ("12", None), ("attempt-", None), ("attempt-99999999999999999999", None), ("a-²", None)],
)
def test_a_key_names_a_kind_and_a_number(key: str, item: tuple[str, int] | None) -> None:
    assert item_of(key) == item


@pytest.mark.parametrize(("name", "called"), [("Amara Okafor", "Amara"), ("P+P+P", "P+P+P"), ("", "")])
def test_a_greeting_uses_the_first_word_of_a_name(name: str, called: str) -> None:
    assert first_name(name) == called


def test_points_outstanding_are_explained_to_the_last_one() -> None:
    totals = PointsTotals(available=60, held=10, owed=40, earned=100, spent=50)
    assert totals.corrected == -20
    assert totals.outstanding == totals.earned - totals.spent + totals.corrected + totals.owed
