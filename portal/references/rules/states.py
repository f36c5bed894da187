"""States of a nomination, the moves between them, and how one stands in its nominator's eyes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from portal.kernel.text import N_
from portal.people.rules.person import PersonState


class State(StrEnum):
    """What became of one nomination. A draft is no nomination yet, and lies in a table of its own.

    One that was submitted is in review from the moment somebody took it up (``review_began_at``): it waits all the same.
    """

    SUBMITTED = "submitted"
    INVITED = "invited"
    ACCEPTED = "accepted"
    CUSTOMER_DECLINED = "customer_declined"
    NO_ANSWER = "no_answer"
    NOT_APPROVED = "not_approved"
    DUPLICATE = "duplicate"


class Move(StrEnum):
    """What moves a nomination."""

    TAKE_UP = "take_up"
    APPROVE = "approve"
    REFUSE = "refuse"
    MARK = "mark"
    AGREE = "agree"
    SAY_NO = "say_no"
    PUT_OFF = "put_off"
    REMIND = "remind"
    GIVE_UP = "give_up"
    TURN_ROUND = "turn_round"
    RECALL = "recall"


@dataclass(frozen=True)
class Way:
    """From which states a move leads, and to which."""

    start: tuple[State, ...]
    end: State


WAYS: Mapping[Move, Way] = {
    Move.TAKE_UP: Way((State.SUBMITTED,), State.SUBMITTED),
    Move.APPROVE: Way((State.SUBMITTED,), State.INVITED),
    Move.REFUSE: Way((State.SUBMITTED,), State.NOT_APPROVED),
    Move.MARK: Way((State.SUBMITTED,), State.DUPLICATE),
    # A link that is still good may be answered late.
    Move.AGREE: Way((State.INVITED, State.NO_ANSWER), State.ACCEPTED),
    Move.SAY_NO: Way((State.INVITED, State.NO_ANSWER), State.CUSTOMER_DECLINED),
    Move.PUT_OFF: Way((State.INVITED,), State.INVITED),
    Move.REMIND: Way((State.INVITED,), State.INVITED),
    Move.GIVE_UP: Way((State.INVITED,), State.NO_ANSWER),
    Move.TURN_ROUND: Way((State.CUSTOMER_DECLINED,), State.INVITED),
    Move.RECALL: Way((State.INVITED, State.NOT_APPROVED, State.DUPLICATE), State.SUBMITTED),
}
"""Every move that there is. What stands nowhere here is refused, by the guarded update that makes the move."""
STANDS = (State.SUBMITTED, State.INVITED, State.ACCEPTED)
"""Of one address at most one is in these; a later nomination adds its voice to it."""


class Standing(StrEnum):
    """How a nominee stands in the nominator's eyes: the decision, and what the invited person made of it."""

    WAITING = "waiting"
    IN_REVIEW = "in_review"
    INVITED = "invited"
    NOT_NOW = "not_now"
    ACCEPTED = "accepted"
    TAKEN_BACK = "taken_back"
    JOINED = "joined"
    LEFT = "left"
    CUSTOMER_DECLINED = "customer_declined"
    NO_ANSWER = "no_answer"
    NOT_APPROVED = "not_approved"


STANDING_NAMES = {
    Standing.WAITING: N_("Waiting for review"),
    Standing.IN_REVIEW: N_("In review"),
    Standing.INVITED: N_("Invited"),
    Standing.NOT_NOW: N_("Not now"),
    Standing.ACCEPTED: N_("Said yes"),
    Standing.TAKEN_BACK: N_("Took their yes back"),
    Standing.JOINED: N_("Joined"),
    Standing.LEFT: N_("No longer with us"),
    Standing.CUSTOMER_DECLINED: N_("Said no"),
    Standing.NO_ANSWER: N_("No answer"),
    Standing.NOT_APPROVED: N_("Not approved"),
}
STEPS = 4
STANDING_STEPS = {
    Standing.WAITING: 1,
    Standing.IN_REVIEW: 2,
    Standing.NOT_APPROVED: 2,
    Standing.INVITED: 3,
    Standing.NOT_NOW: 3,
    Standing.NO_ANSWER: 3,
    Standing.CUSTOMER_DECLINED: 3,
    Standing.ACCEPTED: 4,
    Standing.TAKEN_BACK: 4,
    Standing.JOINED: 4,
    Standing.LEFT: 4,
}
LOST = (Standing.NOT_APPROVED, Standing.NO_ANSWER, Standing.CUSTOMER_DECLINED, Standing.TAKEN_BACK, Standing.LEFT)
SUMS: Mapping[str, tuple[Standing, ...]] = {
    "waiting": (Standing.WAITING, Standing.IN_REVIEW),
    "asked": (Standing.INVITED, Standing.NOT_NOW),
    "yes": (Standing.ACCEPTED, Standing.JOINED),
    "ended": LOST,
}
"""What the four tiles at home add up: each way to stand in one of them, so that together they are all."""
IN_REGISTRY = (
    Standing.WAITING,
    Standing.IN_REVIEW,
    Standing.INVITED,
    Standing.NOT_NOW,
    Standing.ACCEPTED,
    Standing.TAKEN_BACK,
    Standing.NO_ANSWER,
    Standing.JOINED,
)
"""What the registry's list can be asked for."""


def standing(
    state: State, person_state: str | None, *, is_in_review: bool = False, ask_again_on: date | None = None, is_taken_back: bool = False
) -> Standing:
    """Return how a nominee stands. ``state`` is the one of the first nomination, ``person_state`` the nominee's own; ``is_taken_back`` tells
    that nothing of what they agreed to holds any more.
    """
    if state is State.NO_ANSWER and person_state == PersonState.ACTIVE:
        return Standing.JOINED
    if state in (State.NOT_APPROVED, State.NO_ANSWER, State.CUSTOMER_DECLINED):
        return Standing(state.value)
    if state not in (State.INVITED, State.ACCEPTED):
        return Standing.IN_REVIEW if is_in_review else Standing.WAITING
    if person_state == PersonState.DEACTIVATED:
        return Standing.LEFT
    # Also of a member: who takes part and has agreed to nothing is no reference.
    if state is State.ACCEPTED and is_taken_back:
        return Standing.TAKEN_BACK
    if person_state == PersonState.ACTIVE:
        return Standing.JOINED
    if state is State.ACCEPTED:
        return Standing.ACCEPTED
    return Standing.NOT_NOW if ask_again_on else Standing.INVITED


@dataclass(frozen=True)
class Moments:
    """When what happened to a nomination; empty for what did not."""

    created_at: datetime
    review_began_at: datetime | None = None
    decided_at: datetime | None = None
    answered_at: datetime | None = None
    given_up_at: datetime | None = None
    joined_at: datetime | None = None
    taken_back_at: datetime | None = None


_DECIDED = {Standing.NOT_APPROVED: N_("Not approved")}


def timeline(standing: Standing, at: Moments) -> list[tuple[datetime, str]]:
    """Return the steps of a nomination so far, as (moment, sentence marked for translation), oldest first."""
    steps = [(at.created_at, N_("Nominated"))]
    if at.review_began_at is not None:
        steps.append((at.review_began_at, N_("Taken up by a reviewer")))
    if at.decided_at is not None:
        steps.append((at.decided_at, _DECIDED.get(standing, N_("Approved and invited"))))
    if at.answered_at is not None:
        steps.append((at.answered_at, N_("Said no") if standing is Standing.CUSTOMER_DECLINED else N_("Said yes")))
    if at.taken_back_at is not None:
        steps.append((at.taken_back_at, N_("Took their yes back")))
    if at.given_up_at is not None:
        steps.append((at.given_up_at, N_("No answer")))
    if at.joined_at is not None and standing in (Standing.JOINED, Standing.LEFT):
        steps.append((at.joined_at, N_("Joined")))
    return sorted(steps, key=lambda step: step[0])
