"""Orders of gift cards: written down before the provider is asked, so that whatever happens then, nothing is ordered twice."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.notifications.actions import enqueue
from portal.rewards.actions.spares import spares_for
from portal.rewards.models.cards import CardOrder
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.cards import asked_card, order_of
from portal.rewards.queries.redemptions import get_redemption
from portal.rewards.rules.cards import OPEN, OrderState, OrderUnderWay, ProviderMissing, Wanted, Why, holder_of, may_give_up, order_id_of, wanted_in
from portal.rewards.rules.redeeming import require_decider
from portal.vault.actions.handing import take_back_code

ORDER = "rewards.order_card"


def note_order(session: Session, redemption: Redemption, reward: Reward, now: datetime) -> CardOrder:
    """Write an order down for what was asked for, and promise that the provider is asked once this unit of work is committed.

    Refuses: ProviderMissing.
    """
    if not session.info.get("has_card_provider"):
        raise ProviderMissing()
    turn = 1 + (session.scalar(select(func.max(CardOrder.turn)).where(CardOrder.redemption_id == redemption.id)) or 0)
    asked = asked_card(session, redemption.id)
    wanted = (
        Wanted(asked.product, asked.amount_cents, asked.currency) if asked and asked.product and asked.amount_cents else wanted_in(reward.options)
    )
    order = CardOrder(
        redemption_id=redemption.id,
        turn=turn,
        order_id=order_id_of(redemption.id, redemption.key, turn),
        product=wanted.product,
        amount_cents=wanted.amount_cents,
        currency=wanted.currency,
        state=OrderState.NOTED.value,
        why=Why.NONE.value,
        reference="",
        tries=0,
        noted_at=now,
    )
    session.add(order)
    session.flush()
    promise(session, order, now, at=now)
    return order


def promise(session: Session, order: CardOrder, now: datetime, *, at: datetime, is_watch: bool = False) -> None:
    """Promise that the provider is asked about the order, not before ``at``, unless it was asked once more by then.

    ``is_watch``: only if the call that is just being made is never answered, since its worker was killed.
    """
    payload = {"order": order.id, "tries": order.tries, "is_watch": is_watch}
    key = f"card:{order.id}:{order.tries}:{'watch' if is_watch else micros(at)}"
    enqueue(session, topic=ORDER, payload=payload, key=key, now=now, available_at=at)


def look_again(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> bool:
    """Have the provider asked about an open order as soon as a worker is free; tells whether there is one. Refuses: NotAllowed, OwnRedemption."""
    require_decider(actor, get_redemption(session, redemption_id).person_id)
    order = order_of(session, redemption_id)
    if order is None or order.state not in OPEN:
        return False
    promise(session, order, now, at=now)
    audit.record(session, actor, "redemption.order_looked", "redemption", redemption_id, now=now)
    return True


def give_up_order(session: Session, redemption_id: int, now: datetime) -> None:
    """Give an order up because its redemption failed, where that is safe; a card that is here goes to the spare ones. Refuses: OrderUnderWay."""
    order = locked_order(session, redemption_id)
    if order is None or order.state not in (*OPEN, OrderState.MADE):
        return
    is_asked = order.claimed_until is not None and order.claimed_until > now
    if is_asked or not may_give_up(order.state, order.noted_at, now):
        raise OrderUnderWay()
    if order.state == OrderState.MADE:
        take_back_code(session, holder=holder_of(redemption_id), now=now, spares=spares_for(session, redemption_id))
    order.state, order.settled_at, order.claimed_until = OrderState.GIVEN_UP.value, now, None
    session.flush()


def locked_order(session: Session, redemption_id: int) -> CardOrder | None:
    """Return the newest order of a redemption, read anew, and keep others from changing it. The redemption's row is locked before."""
    newest = select(CardOrder).where(CardOrder.redemption_id == redemption_id).order_by(CardOrder.turn.desc()).limit(1)
    return session.scalar(newest.with_for_update().execution_options(populate_existing=True))
