"""Rules of consents, as tables."""

from datetime import date

import pytest

from portal.consents.rules import End, last_day, may_be_given_again, state_of


@pytest.mark.parametrize(
    ("given_on", "months", "last"),
    [
        (date(2026, 11, 27), None, None),
        (date(2026, 11, 27), 0, None),
        (date(2026, 11, 27), 1, date(2026, 12, 27)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 1, 31), 120, date(2036, 1, 31)),
        (date(2026, 1, 31), 9_999, date(2036, 1, 31)),
    ],
)
def test_a_consent_holds_so_many_months_from_the_day_it_was_given(given_on: date, months: int | None, last: date | None) -> None:
    assert last_day(given_on, months) == last


@pytest.mark.parametrize(
    ("ended_as", "expires_on", "state"),
    [
        (None, None, "holds"),
        (None, date(2026, 11, 27), "holds"),
        (None, date(2026, 11, 26), "expired"),
        ("withdrawn", date(2026, 11, 26), "withdrawn"),
        ("taken_back", None, "taken_back"),
    ],
)
def test_how_a_consent_stands(ended_as: str | None, expires_on: date | None, state: str) -> None:
    assert state_of(ended_as, expires_on, date(2026, 11, 27)) == state


@pytest.mark.parametrize(
    ("before", "may"),
    [([], True), ([End.TAKEN_BACK], True), ([None], False), ([End.WITHDRAWN], False), ([End.TAKEN_BACK, End.WITHDRAWN], False)],
)
def test_what_the_member_withdrew_no_verdict_brings_back(before: list[str | None], may: bool) -> None:
    assert may_be_given_again(before) is may
