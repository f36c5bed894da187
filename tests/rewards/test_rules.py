"""Rules of rewards, as tables."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from portal.kernel.actor import ADMIN, ADVOCATE, EMPLOYEE, Actor, system
from portal.kernel.errors import NotAllowed, Refusal
from portal.rewards.rules import kinds, limits, reach, redeeming, states
from portal.rewards.rules.kinds import RewardState
from portal.rewards.rules.reach import Reach, Standing
from portal.rewards.rules.refusals.deciding import STANDS, OwnRedemption, ReasonNeeded
from portal.rewards.rules.refusals.editing import LimitOutOfRange, NameMissing, PriceOutOfRange, SummaryMissing
from portal.rewards.rules.refusals.offering import RewardNotOffered
from portal.rewards.rules.refusals.redeeming import PriceChanged
from portal.rewards.rules.refusals.stock import StockOutOfRange
from portal.rewards.rules.states import GIVEN_BACK, HELD, SPENT, WAYS, Move, State

ADVOCATE_7 = Actor(id=7, roles=frozenset({ADVOCATE}))
ADMIN_7 = Actor(id=7, roles=frozenset({ADMIN, ADVOCATE}))
MOMENT = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("price", "stock", "limit", "has", "available", "expected"),
    [
        (100, None, None, 0, 100, Standing(Reach.CAN)),
        (100, 1, 1, 0, 1_000, Standing(Reach.CAN)),
        (100, None, None, 0, 99, Standing(Reach.NEAR, 1)),
        (2_000, None, None, 0, 1_840, Standing(Reach.NEAR, 160)),
        (100, 0, None, 0, 100, Standing(Reach.OUT)),
        (100, 0, None, 0, 40, Standing(Reach.OUT, 60)),
        (100, 5, 1, 1, 100, Standing(Reach.LIMIT)),
        (100, 0, 2, 2, 100, Standing(Reach.LIMIT)),
        (100, 5, 2, 1, 100, Standing(Reach.CAN)),
    ],
)
def test_how_a_reward_stands_for_a_person(price: int, stock: int | None, limit: int | None, has: int, available: int, expected: Standing) -> None:
    assert reach.standing(price=price, stock=stock, limit=limit, has=has, available=available) == expected


@pytest.mark.parametrize(
    ("slots", "limit", "free"),
    [
        ([], 1, 1),
        ([1], 1, None),
        ([1], 2, 2),
        ([2], 2, 1),
        ([1, 3], 3, 2),
        ([None], 1, None),
        ([None], 2, 2),
        ([None, 2], 3, 3),
        ([1, 2, 3], 2, None),
        ([None, None, None], 2, None),
        ([3], 1, None),
        ([1, 3], 2, None),
        ([3], 2, 2),
        ([None, 5], 3, 3),
    ],
)
def test_a_person_fills_as_many_slots_as_they_have_redemptions(slots: list[int | None], limit: int, free: int | None) -> None:
    assert reach.free_slot(slots, limit) == free


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        (lambda: limits.require_reward(name=" ", price=1, limit=None), NameMissing),
        (lambda: limits.require_reward(name="x", price=0, limit=None), PriceOutOfRange),
        (lambda: limits.require_reward(name="x", price=-5, limit=None), PriceOutOfRange),
        (lambda: limits.require_reward(name="x", price=10**10, limit=None), PriceOutOfRange),
        (lambda: limits.require_reward(name="x", price=1, limit=0), LimitOutOfRange),
        (lambda: limits.require_stock(-1), StockOutOfRange),
        (lambda: limits.require_stock(10**7), StockOutOfRange),
        (lambda: limits.require_change(10**30), StockOutOfRange),
        (lambda: limits.require_change(-(10**30)), StockOutOfRange),
        (lambda: limits.require_publishable("  "), SummaryMissing),
        (lambda: redeeming.require_offered(RewardState.DRAFT), RewardNotOffered),
        (lambda: redeeming.require_offered(RewardState.RETIRED), RewardNotOffered),
        (lambda: redeeming.require_price_as_shown(120, 100), PriceChanged),
        (lambda: redeeming.require_reason(" \n"), ReasonNeeded),
        (lambda: redeeming.require_redeemer(Actor(id=7, roles=frozenset({EMPLOYEE}))), NotAllowed),
        (lambda: redeeming.require_redeemer(system()), NotAllowed),
        (lambda: redeeming.require_decider(ADVOCATE_7, 8), NotAllowed),
        (lambda: redeeming.require_decider(ADMIN_7, 7), OwnRedemption),
    ],
)
def test_what_is_refused_is_refused_by_name(rule: Callable[[], object], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as raised:
        rule()
    assert type(raised.value) is refusal
    assert str(raised.value)


def test_what_is_allowed_passes() -> None:
    limits.require_reward(name="x", price=1, limit=1)
    limits.require_stock(0)
    limits.require_stock(None)
    redeeming.require_offered(RewardState.LIVE)
    redeeming.require_price_as_shown(100, 100)
    redeeming.require_price_as_shown(100, None)
    redeeming.require_decider(ADMIN_7, 8)
    redeeming.require_decider(system(), 8)
    assert redeeming.require_redeemer(ADVOCATE_7) == 7
    assert redeeming.require_reason(" because ") == "because"


def test_the_machine_of_states_has_no_way_back_from_where_points_are_given_back() -> None:
    """Points are held, then spent or given back, and each of it once: no move leaves an end or goes back before the points were spent."""
    assert sorted([*HELD, *SPENT, *GIVEN_BACK]) == sorted(State)
    for way in WAYS.values():
        assert not way.come_from & set(GIVEN_BACK)
        if way.come_from & set(SPENT):
            assert way.to in (*SPENT, State.RETURNED)
        elif way.to in SPENT:
            assert way.to == State.SENT
    assert set(WAYS) == set(Move)
    assert {state for state in State if states.can_cancel(state)} == {State.REQUESTED, State.APPROVED, State.FAILED}
    assert set(STANDS) == set(State)
    assert set(states.STATE_NAMES) == set(states.STEP_NAMES) == set(states.HELD_NAMES) == set(State)
    assert set(kinds.KIND_NAMES) == set(kinds.Kind)


@pytest.mark.parametrize(
    ("state", "approved_at", "expected"),
    [(State.CANCELLED, MOMENT, True), (State.CANCELLED, None, False), (State.DECLINED, MOMENT, False), (State.APPROVED, MOMENT, False)],
)
def test_what_is_called_off_was_approved_before(state: State, approved_at: datetime | None, expected: bool) -> None:
    assert states.is_called_off(state, approved_at) is expected


LATER, LAST = MOMENT + timedelta(days=1), MOMENT + timedelta(days=2)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.REQUESTED, ("Held, waiting for approval", None)),
        (State.APPROVED, ("Held, approved on %(day)s", MOMENT)),
        (State.ORDERED, ("Held, ordered on %(day)s", MOMENT)),
        (State.FAILED, ("Held, delivery failed on %(day)s", MOMENT)),
        (State.SENT, ("Sent on %(day)s", LATER)),
        (State.RECEIVED, ("Sent on %(day)s", LATER)),
        (State.RETURNED, ("Sent on %(day)s", LATER)),
        (State.ENDED, ("Held until it was given up on %(day)s", LAST)),
        (State.DECLINED, ("Held until it was declined on %(day)s", LAST)),
        (State.CANCELLED, ("Held until it was cancelled on %(day)s", LAST)),
    ],
)
def test_what_became_of_held_points_follows_the_redemption(state: State, expected: tuple[str, datetime | None]) -> None:
    moments = {"approved_at": MOMENT, "ordered_at": MOMENT, "failed_at": MOMENT, "sent_at": LATER, "released_at": LAST}
    assert states.became_of_hold(state, **moments) == expected


def test_cancelling_is_noted_with_the_state_that_was_left() -> None:
    early, late = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    cases = [
        ((None, None, None), State.REQUESTED),
        ((early, None, None), State.APPROVED),
        ((early, early, None), State.FAILED),
        ((early, early, late), State.APPROVED),
        ((early, late, early), State.FAILED),
    ]
    for (approved, failed, retried), state in cases:
        assert states.left_at(approved_at=approved, failed_at=failed, retried_at=retried) == state
