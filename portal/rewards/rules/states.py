"""How a redemption moves: the whole machine. The database decides who is first, by guarded updates over it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.kernel.text import N_

RECEIVED_AFTER_DAYS = 14
"""So many days after it was sent, what nobody confirmed counts as received."""


class State(StrEnum):
    """Where a redemption stands. Failed: it could not be delivered, and somebody has to look; ended: it never will be."""

    REQUESTED = "requested"
    APPROVED = "approved"
    ORDERED = "ordered"
    SENT = "sent"
    RECEIVED = "received"
    FAILED = "failed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    ENDED = "ended"
    RETURNED = "returned"


class Move(StrEnum):
    """What somebody does to a redemption."""

    APPROVE = "approve"
    ORDER = "order"
    SEND = "send"
    RECEIVE = "receive"
    FAIL = "fail"
    RETRY = "retry"
    END = "end"
    DECLINE = "decline"
    CANCEL = "cancel"
    RETURN = "return"


@dataclass(frozen=True)
class Way:
    """One move: from which states it leads where, and which pair of columns keeps who did it and when."""

    come_from: frozenset[State]
    to: State
    kept_in: str


_HELD_OPEN = frozenset({State.REQUESTED, State.APPROVED})
WAYS: dict[Move, Way] = {
    Move.APPROVE: Way(frozenset({State.REQUESTED}), State.APPROVED, "approved"),
    Move.ORDER: Way(frozenset({State.APPROVED}), State.ORDERED, "ordered"),
    Move.SEND: Way(frozenset({State.APPROVED, State.ORDERED}), State.SENT, "sent"),
    Move.RECEIVE: Way(frozenset({State.SENT}), State.RECEIVED, "received"),
    Move.FAIL: Way(frozenset({State.APPROVED, State.ORDERED}), State.FAILED, "failed"),
    Move.RETRY: Way(frozenset({State.FAILED}), State.APPROVED, "retried"),
    Move.END: Way(frozenset({State.FAILED}), State.ENDED, "released"),
    Move.DECLINE: Way(_HELD_OPEN, State.DECLINED, "released"),
    Move.CANCEL: Way(_HELD_OPEN | {State.FAILED}, State.CANCELLED, "released"),
    Move.RETURN: Way(frozenset({State.SENT, State.RECEIVED}), State.RETURNED, "released"),
}
# Where the points are held, where they are spent, and where they are given back: each state is in one of them.
HELD = (State.REQUESTED, State.APPROVED, State.ORDERED, State.FAILED)
SPENT = (State.SENT, State.RECEIVED)
GIVEN_BACK = (State.DECLINED, State.CANCELLED, State.ENDED, State.RETURNED)

FIRST_NAME = N_("First of two approvals")
STATE_NAMES = {
    State.REQUESTED: N_("Waiting for approval"),
    State.APPROVED: N_("Approved"),
    State.ORDERED: N_("Ordered"),
    State.SENT: N_("Sent"),
    State.RECEIVED: N_("Received"),
    State.FAILED: N_("Delivery failed"),
    State.DECLINED: N_("Declined"),
    State.CANCELLED: N_("Cancelled"),
    State.ENDED: N_("Not delivered"),
    State.RETURNED: N_("Returned"),
}

STEP_NAMES = STATE_NAMES | {State.REQUESTED: N_("Asked"), State.ENDED: N_("Given up")}
RETRIED_NAME = N_("Tried again")
BY_RULE_NAME = N_("Approved by the rule")

# What became of the points that were held for it, for a line of the statement. What is returned later has a line of its own.
HELD_NAMES = {
    State.REQUESTED: N_("Held, waiting for approval"),
    State.APPROVED: N_("Held, approved on %(day)s"),
    State.ORDERED: N_("Held, ordered on %(day)s"),
    State.FAILED: N_("Held, delivery failed on %(day)s"),
    State.SENT: N_("Sent on %(day)s"),
    State.RECEIVED: N_("Sent on %(day)s"),
    State.RETURNED: N_("Sent on %(day)s"),
    State.DECLINED: N_("Held until it was declined on %(day)s"),
    State.CANCELLED: N_("Held until it was cancelled on %(day)s"),
    State.ENDED: N_("Held until it was given up on %(day)s"),
}
HELD_BEFORE = N_("Held until it was declined; that was undone, and they were held anew")
"""What became of points that were held for it before: nothing but the undoing of a decline holds them anew."""
# Which moment tells the day of that line.
_SINCE = {
    State.APPROVED: "approved_at",
    State.ORDERED: "ordered_at",
    State.FAILED: "failed_at",
    **dict.fromkeys((*SPENT, State.RETURNED), "sent_at"),
    **dict.fromkeys((State.DECLINED, State.CANCELLED, State.ENDED), "released_at"),
}
MOMENTS = ("approved_at", "ordered_at", "failed_at", "sent_at", "released_at")

# What was cancelled after it was approved, for a filter.
CALLED_OFF, CALLED_OFF_NAME = "called_off", N_("Cancelled after approval")


def can(move: Move, state: State | str) -> bool:
    """Tell whether ``move`` leads on from ``state``."""
    return state in WAYS[move].come_from


def can_cancel(state: State | str) -> bool:
    """Tell whether the person may still call it off: until it is ordered or sent."""
    return can(Move.CANCEL, state)


def is_called_off(state: State | str, approved_at: datetime | None) -> bool:
    """Tell whether the person cancelled what was approved already: somebody may be packing it."""
    return state == State.CANCELLED and approved_at is not None


def left_at(*, approved_at: datetime | None, failed_at: datetime | None, retried_at: datetime | None) -> State:
    """Return the state that was left by cancelling."""
    if failed_at is not None and (retried_at is None or retried_at < failed_at):
        return State.FAILED
    return State.REQUESTED if approved_at is None else State.APPROVED


def became_of_hold(state: State, **moments: datetime | None) -> tuple[str, datetime | None]:
    """Return what became of the points held for a redemption, marked for translation, and since when, for its ``%(day)s``.

    ``moments`` are those of ``MOMENTS``.
    """
    return HELD_NAMES[state], moments.get(_SINCE.get(state, ""))
