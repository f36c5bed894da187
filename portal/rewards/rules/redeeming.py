"""Who may redeem, and who decides about it."""

from datetime import date

from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.rewards.rules.kinds import RewardState
from portal.rewards.rules.refusals.deciding import OwnRedemption, ReasonNeeded
from portal.rewards.rules.refusals.offering import RewardNotOffered
from portal.rewards.rules.refusals.redeeming import PriceChanged


def require_redeemer(actor: Actor) -> int:
    """Return the person who redeems. Refuses: NotAllowed to who is no advocate."""
    if actor.id is None or not actor.is_advocate:
        raise NotAllowed()
    return actor.id


def require_offered(state: RewardState | str) -> None:
    """Refuses: RewardNotOffered."""
    if state != RewardState.LIVE:
        raise RewardNotOffered()


def is_over(day: date | None, today: date) -> bool:
    """Tell whether what takes place on ``day`` cannot be had any more."""
    return day is not None and day < today


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
