"""The door of an event: a ticket lets one person in, once."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.review.actions.presses import take_press
from portal.rewards.actions.fulfilling import receive_redemption
from portal.rewards.models.redeeming import Redemption
from portal.rewards.rules.refusals.deciding import TicketUsed


def let_in(session: Session, actor: Actor, *, redemption_id: int, key: str, now: datetime) -> Redemption:
    """Note a ticket as used. ``key`` was minted with the page: its button pressed twice counts once, another page is told.

    Refuses: NotAllowed, OwnRedemption, TicketUsed, AlreadyHandled.
    """
    is_first_press = not key or take_press(session, actor, key=key, verdict="let_in", about=f"redemption:{redemption_id}", now=now)
    redemption = receive_redemption(session, actor, redemption_id=redemption_id, now=now)
    if redemption.received_at != now and is_first_press:
        raise TicketUsed(at=redemption.received_at)
    return redemption
