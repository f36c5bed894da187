"""Periods and places, as tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.recognition.rules.boards import UnknownPeriod, anchors, needs_look, offered_periods, periods_of, places_below, ranked, span_of

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("moment", "zone", "periods"),
    [
        (datetime(2026, 11, 21, 12, tzinfo=UTC), BERLIN, ("all", "2026-Q4", "2026-11")),
        (datetime(2026, 9, 30, 21, 59, 59, tzinfo=UTC), BERLIN, ("all", "2026-Q3", "2026-09")),
        (datetime(2026, 9, 30, 22, tzinfo=UTC), BERLIN, ("all", "2026-Q4", "2026-10")),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), BERLIN, ("all", "2027-Q1", "2027-01")),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), "America/New_York", ("all", "2026-Q4", "2026-12")),
        (datetime(2026, 12, 31, 10, tzinfo=UTC), "Pacific/Kiritimati", ("all", "2027-Q1", "2027-01")),
    ],
)
def test_a_moment_counts_in_all_its_quarter_and_its_month_of_the_programmes_zone(moment: datetime, zone: str, periods: tuple[str, ...]) -> None:
    assert periods_of(moment, zone) == periods


@pytest.mark.parametrize("day", range(0, 800, 13))
def test_a_moment_lies_in_the_span_of_each_of_its_periods(day: int) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=day % 24)
    for period in periods_of(moment, BERLIN)[1:]:
        span = span_of(period, BERLIN)
        assert span.since is not None
        assert span.until is not None
        assert span.since <= moment < span.until


@pytest.mark.parametrize("period", ["", "ALL", "2026", "2026-Q5", "2026-13", "2026-1", "0000-01", "9999-12", "2026-Q4 ", "../all"])
def test_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(UnknownPeriod):
        span_of(period, BERLIN)


@pytest.mark.parametrize(
    ("now", "offered"),
    [
        (datetime(2026, 11, 22, tzinfo=UTC), ("2026-11", "2026-Q4", "2026-10", "2026-Q3", "all")),
        (datetime(2026, 1, 31, tzinfo=UTC), ("2026-01", "2026-Q1", "2025-12", "2025-Q4", "all")),
        (datetime(2026, 3, 31, tzinfo=UTC), ("2026-03", "2026-Q1", "2026-02", "2025-Q4", "all")),
    ],
)
def test_the_page_offers_this_month_first_then_quarters_and_all_time(now: datetime, offered: tuple[str, ...]) -> None:
    assert offered_periods(now, BERLIN) == offered


@pytest.mark.parametrize(
    ("scores", "places"),
    [([], []), ([5], [1]), ([9, 9, 7], [1, 1, 3]), ([9, 8, 8, 8, 1], [1, 2, 2, 2, 5]), ([3, 3, 3], [1, 1, 1])],
)
def test_equal_points_share_a_place_and_the_next_one_counts_them_all(scores: list[int], places: list[int]) -> None:
    assert [place for place, _ in ranked(scores, lambda score: score)] == places


@pytest.mark.parametrize(
    ("period", "members", "seconds", "is_due"),
    [
        ("all", 6_000, 29, False),
        ("all", 6_000, 30, True),
        ("2026-11", 6_000, 30, True),
        ("all", 600_000, 59, False),
        ("all", 600_000, 60, True),
        ("2026-10", 6_000, 3_599, False),
        ("2026-10", 6_000, 3_600, True),
    ],
)
def test_open_boards_are_looked_at_often_and_closed_ones_by_the_hour(period: str, members: int, seconds: int, is_due: bool) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert needs_look(period, now - timedelta(seconds=seconds), members, now, BERLIN) is is_due


@given(st.lists(st.integers(1, 8), min_size=1, max_size=40), st.integers(0, 39), st.integers(0, 12))
def test_two_places_tell_those_of_all_lines_below(scores: list[int], start: int, length: int) -> None:
    board = sorted(scores, reverse=True)
    shown = board[start : start + length]
    place = {score: 1 + sum(other > score for other in board) for score in board}
    assert len(anchors(shown)) <= 2
    assert places_below(shown, {score: place[score] for score in anchors(shown)}) == [place[score] for score in shown]
