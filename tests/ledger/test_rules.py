"""The pure decisions: who gets what where, and what is not a number of points."""

import pytest

from portal.ledger.rules import MOST_POINTS, AccountKind, change, gain, loss, require_points, require_reason

A, OWED = AccountKind.AVAILABLE, AccountKind.OWED


@pytest.mark.parametrize(
    ("points", "owed", "moves"),
    [
        (100, 0, {A: 100}),
        (50, -40, {A: 10, OWED: 40}),
        (40, -40, {OWED: 40}),
        (30, -40, {OWED: 30}),
        (1, -1_000, {OWED: 1}),
    ],
)
def test_what_comes_in_pays_what_is_owed_first(points: int, owed: int, moves: dict[AccountKind, int]) -> None:
    assert gain(points, owed=owed) == moves
    assert change(points, available=0, owed=owed) == moves


@pytest.mark.parametrize(
    ("points", "available", "moves"),
    [
        (100, 100, {A: -100}),
        (100, 250, {A: -100}),
        (100, 60, {A: -60, OWED: -40}),
        (100, 0, {OWED: -100}),
    ],
)
def test_what_cannot_be_taken_becomes_owed(points: int, available: int, moves: dict[AccountKind, int]) -> None:
    assert loss(points, available=available) == moves
    assert change(-points, available=available, owed=0) == moves


@pytest.mark.parametrize("points", [0, -1, MOST_POINTS + 1, 1.0, True, "5", None])
def test_only_whole_points_above_zero_are_moved(points: object) -> None:
    with pytest.raises(ValueError, match="points to move"):
        require_points(points)  # type: ignore[arg-type]


def test_an_adjustment_may_be_below_zero() -> None:
    assert require_points(-5, signed=True) == -5
    with pytest.raises(ValueError, match="points to move"):
        require_points(-MOST_POINTS - 1, signed=True)


@pytest.mark.parametrize("reason", ["", "Challenge approved", "because Ann said so", "x" * 65, "über.uns"])
def test_a_reason_is_a_code_and_never_free_text(reason: str) -> None:
    with pytest.raises(ValueError, match="reason code"):
        require_reason(reason)
    assert require_reason("challenge.approved") == "challenge.approved"
