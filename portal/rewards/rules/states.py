"""How a redemption moves: the whole machine. The database decides who is first, by guarded updates over it."""

from datetime import datetime
from enum import StrEnum

from portal.kernel.text import N_


class State(StrEnum):
    """Where a redemption stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    FULFILLED = "fulfilled"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    RETURNED = "returned"


STATE_NAMES = {
    State.REQUESTED: N_("Waiting for approval"),
    State.APPROVED: N_("Approved, on its way"),
    State.FULFILLED: N_("Fulfilled"),
    State.DECLINED: N_("Declined"),
    State.CANCELLED: N_("Cancelled"),
    State.RETURNED: N_("Returned"),
}

STEP_NAMES = {
    State.REQUESTED: N_("Asked"),
    State.APPROVED: N_("Approved"),
    State.FULFILLED: N_("Fulfilled"),
    State.DECLINED: N_("Declined"),
    State.CANCELLED: N_("Cancelled"),
    State.RETURNED: N_("Returned"),
}

# What became of the points that were held for it, for a line of the statement. What is returned later has a line of its own.
HELD_NAMES = {
    State.REQUESTED: N_("Held, waiting for approval"),
    State.APPROVED: N_("Held, approved on %(day)s"),
    State.FULFILLED: N_("Fulfilled on %(day)s"),
    State.DECLINED: N_("Held until it was declined on %(day)s"),
    State.CANCELLED: N_("Held until it was cancelled on %(day)s"),
    State.RETURNED: N_("Fulfilled on %(day)s"),
}

# What was cancelled after it was approved, for a filter.
CALLED_OFF, CALLED_OFF_NAME = "called_off", N_("Cancelled after approval")

# From which states each next one may be reached: the whole machine.
REACHED_FROM: dict[State, frozenset[State]] = {
    State.APPROVED: frozenset({State.REQUESTED}),
    State.FULFILLED: frozenset({State.APPROVED}),
    State.DECLINED: frozenset({State.REQUESTED, State.APPROVED}),
    State.CANCELLED: frozenset({State.REQUESTED, State.APPROVED}),
    State.RETURNED: frozenset({State.FULFILLED}),
}


def can_cancel(state: State | str) -> bool:
    """Tell whether the person may still call it off: until it is fulfilled."""
    return state in REACHED_FROM[State.CANCELLED]


def is_called_off(state: State | str, approved_at: datetime | None) -> bool:
    """Tell whether the person cancelled what was approved already: somebody may be packing it."""
    return state == State.CANCELLED and approved_at is not None


def became_of_hold(
    state: State, *, approved_at: datetime | None, fulfilled_at: datetime | None, released_at: datetime | None
) -> tuple[str, datetime | None]:
    """Return what became of the points held for a redemption, marked for translation, and since when, for its ``%(day)s``."""
    since = {
        State.REQUESTED: None,
        State.APPROVED: approved_at,
        State.FULFILLED: fulfilled_at,
        State.RETURNED: fulfilled_at,
        State.DECLINED: released_at,
        State.CANCELLED: released_at,
    }
    return HELD_NAMES[state], since[state]
