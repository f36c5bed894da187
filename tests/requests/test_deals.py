"""Which requests are one deal, and what win rates say, with tables of cases."""

from datetime import date
from typing import Any

import pytest

from portal.requests.rules.deals import Comparison, Deal, Told, compared, deal_band, deals_of, won
from portal.requests.rules.figures import Share

DAY, LATER = date(2026, 11, 2), date(2026, 11, 9)


def told(request_id: int, ref: str = "", name: str = "", prospect: str = "", outcome: str | None = "won", **given: Any) -> Told:
    """Return what a request of a closed deal tells, unless told otherwise."""
    plain = {"stage": "proposal", "value": 20_000, "currency": "EUR", "closed_on": DAY if outcome else None, "is_done": False}
    return Told(request_id, ref, name, prospect, outcome=outcome, **plain | given)


@pytest.mark.parametrize(
    ("requests", "number"),
    [
        ([told(1), told(2)], 2),
        ([told(1, "R-1"), told(2, "R-1", "Other name")], 1),
        ([told(1, "R-1"), told(2, "r-1")], 2),
        ([told(1, name="Café roll-out", prospect="Zürich AG"), told(2, name="cafe  ROLL-OUT", prospect="zurich ag")], 1),
        ([told(1, name="Roll-out", prospect="One"), told(2, name="Roll-out", prospect="Two")], 2),
        ([told(1, "R-1", "Roll-out", "One"), told(2, name="roll-out", prospect="one")], 1),
        ([told(1, "R-1", "Roll-out"), told(2, "R-2", "Roll-out"), told(3, name="Roll-out")], 3),
        ([told(1, "R-1"), told(2)], 2),
        ([told(1, outcome=None), told(2, "R-1", outcome=None)], 0),
        ([told(1, "R-1", outcome=None), told(2, "R-1")], 1),
    ],
)
def test_requests_are_one_deal_by_its_reference_or_else_by_name_and_prospect(requests: list[Told], number: int) -> None:
    assert len(deals_of(requests)) == number


def test_a_deal_is_helped_by_any_of_its_requests_and_told_by_the_first_that_knows_and_the_last_that_closed_it() -> None:
    first = told(1, "R", outcome=None, stage=None, value=None, is_done=True)
    second, third = told(2, "R", outcome="lost", stage="early", value=None, currency="USD"), told(3, "R", closed_on=LATER)
    assert deals_of([third, second, first]) == [Deal("early", 20_000, "EUR", True, LATER, True)]


def test_what_cannot_be_compared_is_counted_and_the_rest_stands_by_stage_and_size() -> None:
    plain: dict[str, Any] = {"stage": "early", "value": 5, "currency": "EUR", "closed_on": DAY, "is_won": True, "is_helped": False}
    cases: list[dict[str, Any]] = [
        {}, {"is_won": False}, {"is_helped": True}, {"value": 10_000}, {"stage": None}, {"value": None}, {"stage": None, "currency": "USD"},
        {"currency": "USD"},
    ]  # fmt: skip
    found = won([Deal(**plain | case) for case in cases], "EUR")
    assert [(line.stage, line.band, line.with_reference, line.without) for line in found.lines] == [
        ("early", "under_10k", Share(1, 1), Share(1, 2)),
        ("early", "under_50k", Share(0, 0), Share(1, 1)),
    ]
    assert (found.unplaced, found.other_currencies) == (3, 1)


@pytest.mark.parametrize(
    ("value", "band"), [(None, None), (0, "under_10k"), (9_999, "under_10k"), (10_000, "under_50k"), (250_000, "more"), (10**12, "more")]
)
def test_deals_of_one_band_are_compared_with_each_other(value: int | None, band: str | None) -> None:
    assert deal_band(value) == band


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (Share(19, 19), Share(1, 100), Comparison.TOO_FEW),
        (Share(0, 0), Share(0, 0), Comparison.TOO_FEW),
        (Share(20, 20), Share(20, 20), Comparison.CHANCE),
        (Share(12, 20), Share(10, 20), Comparison.CHANCE),
        (Share(30, 40), Share(18, 40), Comparison.MORE),
        (Share(18, 40), Share(30, 40), Comparison.FEWER),
    ],
)
def test_win_rates_are_told_apart_only_where_it_is_more_than_chance(one: Share, other: Share, said: Comparison) -> None:
    assert compared(one, other) is said
