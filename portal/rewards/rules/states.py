"""How a redemption moves: the whole machine. The database decides who is first, by guarded updates over it."""

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

# From which states each next one may be reached: the whole machine.
REACHED_FROM: dict[State, frozenset[State]] = {
    State.APPROVED: frozenset({State.REQUESTED}),
    State.FULFILLED: frozenset({State.APPROVED}),
    State.DECLINED: frozenset({State.REQUESTED, State.APPROVED}),
    State.CANCELLED: frozenset({State.REQUESTED}),
    State.RETURNED: frozenset({State.FULFILLED}),
}
