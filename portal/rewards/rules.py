"""What may be redeemed, by whom, and how a redemption moves. Pure decisions; the database keeps the counts."""

from dataclasses import dataclass
from enum import StrEnum

from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict, NotAllowed, Refusal
from portal.kernel.text import N_
from portal.ledger.rules import BalanceTooLow

UNIT = "points"
MOST_POINTS = 1_000_000_000
MOST_STOCK = 1_000_000
MOST_PER_PERSON = 1_000


class Kind(StrEnum):
    """What a reward is."""

    GIFT_CARD = "gift_card"
    MERCHANDISE = "merchandise"
    EVENT = "event"
    EXPERIENCE = "experience"
    DONATION = "donation"
    LEARNING = "learning"
    PERK = "perk"


KIND_NAMES = {
    Kind.GIFT_CARD: N_("Gift card"),
    Kind.MERCHANDISE: N_("Merchandise"),
    Kind.EVENT: N_("Event"),
    Kind.EXPERIENCE: N_("Experience"),
    Kind.DONATION: N_("Giving"),
    Kind.LEARNING: N_("Learning"),
    Kind.PERK: N_("Perk"),
}


class RewardState(StrEnum):
    """A reward is written, then offered, then taken off the shelf. A retired one may be offered again."""

    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"


REWARD_STATE_NAMES = {RewardState.DRAFT: N_("Draft"), RewardState.LIVE: N_("Live"), RewardState.RETIRED: N_("Retired")}


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


class RewardNotOffered(Refusal):
    """The reward is a draft or retired."""

    message = N_("This reward is not offered at the moment. Nothing was taken from your balance.")
    status = 409


class OutOfStock(Refusal):
    """The last one is gone."""

    message = N_("“%(reward)s” is out of stock. Nothing was taken from your balance.")
    status = 409


class LimitReached(Refusal):
    """The person has as many as one person may have."""

    message = N_("You already have “%(reward)s”. One person can have %(limit)s.")
    status = 409


class PriceChanged(Refusal):
    """The price is no longer the one that was shown."""

    message = N_("The price changed from %(shown)s to %(price)s points while you were looking at it. Please check it and redeem again.")
    status = 409


class TooFewPoints(BalanceTooLow):
    """The balance does not cover the price."""

    message = N_("You have %(available)s points; this costs %(needed)s.")


class KeyTaken(Conflict):
    """The form's key belongs to another redemption."""

    message = N_("This form was used before. Please open the reward again.")


class AlreadyHandled(Conflict):
    """The redemption has moved on; tells who did it and when. One subclass a state, so that the sentence can be translated whole."""

    message = N_("“%(reward)s” for %(person)s is not at this step any more. Nothing was done.")


class NotYetApproved(AlreadyHandled):
    """It waits for approval first."""

    message = N_("“%(reward)s” for %(person)s is still waiting for approval. Approve it first.")


class AlreadyApproved(AlreadyHandled):
    """Somebody approved it."""

    message = N_("“%(reward)s” for %(person)s was approved by %(by)s, %(at)s. Nothing was done twice.")


class AlreadyFulfilled(AlreadyHandled):
    """Somebody fulfilled it."""

    message = N_("“%(reward)s” for %(person)s was fulfilled by %(by)s, %(at)s. Nothing was done twice.")


class AlreadyDeclined(AlreadyHandled):
    """Somebody declined it."""

    message = N_("“%(reward)s” for %(person)s was declined by %(by)s, %(at)s. Nothing was done twice.")


class AlreadyCancelled(AlreadyHandled):
    """The person called it off."""

    message = N_("“%(reward)s” for %(person)s was cancelled by %(by)s, %(at)s. Nothing was done twice.")


class AlreadyReturned(AlreadyHandled):
    """Somebody took it back."""

    message = N_("“%(reward)s” for %(person)s was returned by %(by)s, %(at)s. Nothing was done twice.")


STANDS: dict[State, type[AlreadyHandled]] = {
    State.REQUESTED: NotYetApproved,
    State.APPROVED: AlreadyApproved,
    State.FULFILLED: AlreadyFulfilled,
    State.DECLINED: AlreadyDeclined,
    State.CANCELLED: AlreadyCancelled,
    State.RETURNED: AlreadyReturned,
}


class OwnRedemption(NotAllowed):
    """Nobody decides on what they asked for themselves."""

    message = N_("This is your own redemption. Another admin has to decide on it.")


class ReasonNeeded(Refusal):
    """Saying no, or taking back, needs a reason."""

    message = N_("Please give a reason. The person will read it.")
    field = "reason"


class NameMissing(Refusal):
    """A reward without a name."""

    message = N_("Please give the reward a name.")
    field = "name"


class PriceOutOfRange(Refusal):
    """A price is at least one point."""

    message = N_("A reward costs at least one point, and at most %(most)s.")
    field = "price"


class StockOutOfRange(Refusal):
    """A count of things."""

    message = N_("The stock is a number from 0 to %(most)s, or empty for a reward that never runs out.")
    field = "stock"


class LimitOutOfRange(Refusal):
    """How many one person may have."""

    message = N_("The limit for one person is a number from 1 to %(most)s, or empty for none.")
    field = "limit_per_person"


class SummaryMissing(Refusal):
    """A reward needs a summary before it can be offered."""

    message = N_("Please write a summary before you publish this reward.")
    field = "summary"


class StockTooLow(Refusal):
    """More would be taken off the shelf than stands on it."""

    message = N_("There are %(stock)s left, so %(taken)s cannot be taken away.")
    field = "change"


class StockUncounted(Conflict):
    """There is no count to change."""

    message = N_("The stock of this reward is not counted. Start counting first.")
    field = "change"


class StockCounted(Conflict):
    """A count is there; it is changed by adding and taking away, so that nobody overwrites what was redeemed meanwhile."""

    message = N_("The stock of this reward is counted already. Add or take away instead.")
    field = "stock"


class Reach(StrEnum):
    """How a reward stands for one person."""

    CAN = "can"
    NEAR = "near"
    OUT = "out"
    LIMIT = "limit"


@dataclass(frozen=True)
class Standing:
    """How a reward stands for one person: ``to_go`` points are missing."""

    reach: Reach
    to_go: int = 0


def standing(*, price: int, stock: int | None, limit: int | None, has: int, available: int) -> Standing:
    """Return how a reward of ``price`` stands for a person who has ``available`` points and already ``has`` so many of it."""
    to_go = max(price - available, 0)
    if limit is not None and has >= limit:
        return Standing(Reach.LIMIT, to_go)
    if stock == 0:
        return Standing(Reach.OUT, to_go)
    return Standing(Reach.NEAR if to_go else Reach.CAN, to_go)


def free_slot(slots: list[int | None], limit: int) -> int | None:
    """Return the first of ``limit`` places that none of a person's redemptions fills, or None if all are filled.

    A redemption from before there was a limit, or from when it was higher, has none of these places
    and fills the first one that is free.
    """
    filled = {slot for slot in slots if slot is not None and slot <= limit}
    free = [place for place in range(1, limit + 1) if place not in filled]
    free = free[sum(slot not in filled for slot in slots) :]
    return free[0] if free else None


def require_reward(*, name: str, price: int, limit: int | None) -> None:
    """Refuses what no reward can be: NameMissing, PriceOutOfRange, LimitOutOfRange."""
    if not name.strip():
        raise NameMissing()
    if not 0 < price <= MOST_POINTS:
        raise PriceOutOfRange(most=MOST_POINTS)
    if limit is not None and not 0 < limit <= MOST_PER_PERSON:
        raise LimitOutOfRange(most=MOST_PER_PERSON)


def require_stock(stock: int | None) -> None:
    """Refuses: StockOutOfRange."""
    if stock is not None and not 0 <= stock <= MOST_STOCK:
        raise StockOutOfRange(most=MOST_STOCK)


def require_change(change: int) -> None:
    """Refuses: StockOutOfRange, for more than any shelf holds, given or taken."""
    if abs(change) > MOST_STOCK:
        raise StockOutOfRange(most=MOST_STOCK)


def require_publishable(summary: str) -> None:
    """Refuses: SummaryMissing."""
    if not summary.strip():
        raise SummaryMissing()


def require_redeemer(actor: Actor) -> int:
    """Return the person who redeems. Refuses: NotAllowed to who is no advocate."""
    if actor.id is None or not actor.is_advocate:
        raise NotAllowed()
    return actor.id


def require_offered(state: RewardState | str) -> None:
    """Refuses: RewardNotOffered."""
    if state != RewardState.LIVE:
        raise RewardNotOffered()


def require_price_as_shown(price: int, shown: int | None) -> None:
    """Refuses: PriceChanged, if the person saw another price than ``price``."""
    if shown is not None and shown != price:
        raise PriceChanged(shown=shown, price=price)


def require_decider(actor: Actor, person_id: int) -> None:
    """Refuses: NotAllowed to who may not decide on redemptions, OwnRedemption to the person who asked."""
    if not actor.may_decide("redemption"):
        raise NotAllowed()
    if actor.id == person_id:
        raise OwnRedemption()


def require_reason(reason: str) -> str:
    """Return the reason. Refuses: ReasonNeeded."""
    if not reason.strip():
        raise ReasonNeeded()
    return reason.strip()
