"""What a person does: ask for a reward, call it off. Stock, points and the redemption move together or not at all."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotFound
from portal.ledger.actions.holding import hold
from portal.ledger.rules import BalanceTooLow
from portal.rewards.actions.moving import give_back, move, tell_admins, tell_person
from portal.rewards.models import Redemption, Reward
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.redemptions import find_by_key, get_redemption, live_slots
from portal.rewards.rules.kinds import RewardState
from portal.rewards.rules.reach import free_slot
from portal.rewards.rules.redeeming import require_offered, require_price_as_shown, require_redeemer
from portal.rewards.rules.refusals import KeyTaken, LimitReached, OutOfStock, RewardNotOffered, TooFewPoints
from portal.rewards.rules.states import State, is_called_off


def redeem(session: Session, actor: Actor, *, reward_id: int, key: str, now: datetime, wish: str = "", shown_price: int | None = None) -> Redemption:
    """Ask for a reward: one piece leaves the stock and its price is held, in one transaction.

    ``key`` was minted with the form: a double click is one redemption. ``wish`` is what the person
    wants us to know, such as a size. Refuses: NotAllowed, RewardNotOffered, PriceChanged,
    LimitReached, OutOfStock, TooFewPoints, KeyTaken.
    """
    person_id = require_redeemer(actor)
    if first := find_by_key(session, key):
        return _same(first, person_id, reward_id)
    reward = get_reward(session, reward_id)
    require_offered(reward.state)
    require_price_as_shown(reward.price, shown_price)
    redemption, is_new = _insert(session, reward, person_id, key, wish, now)
    if not is_new:
        return _same(redemption, person_id, reward_id)
    redemption.has_stock = _take_stock(session, reward)
    redemption.hold_id = _hold(session, actor, redemption, now)
    session.flush()
    audit.record(session, actor, "reward.redeemed", "redemption", redemption.id, now=now, reward_id=reward.id, reward=reward.name, price=reward.price)
    tell_person(session, redemption, "redemption_requested", now)
    tell_admins(session, redemption, "redemption_waiting", now)
    return redemption


def cancel_redemption(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> Redemption:
    """Call one's own redemption off before it is fulfilled: stock and points come back.

    Admins hear of it where one had approved it, since somebody may be packing it; who approved it by mail too.
    Refuses: NotFound for another's, AlreadyHandled.
    """
    if actor.id is None or get_redemption(session, redemption_id).person_id != actor.id:
        raise NotFound()
    redemption, is_new = move(session, actor, redemption_id, State.CANCELLED, now=now, released_by=actor.id, released_at=now)
    if is_new:
        give_back(session, actor, redemption, now=now)
        was_approved = is_called_off(redemption.state, redemption.approved_at)
        was = State.APPROVED if was_approved else State.REQUESTED
        audit.record(session, actor, "redemption.cancelled", "redemption", redemption_id, now=now, was=was.value)
        tell_person(session, redemption, "redemption_cancelled", now)
        if was_approved:
            tell_admins(session, redemption, "redemption_called_off", now, mail_to=redemption.approved_by)
    return redemption


def _same(first: Redemption, person_id: int, reward_id: int) -> Redemption:
    if (first.person_id, first.reward_id) != (person_id, reward_id):
        raise KeyTaken()
    return first


def _insert(session: Session, reward: Reward, person_id: int, key: str, wish: str, now: datetime) -> tuple[Redemption, bool]:
    """Write the redemption and return it with True, or the one that a double click has just written with False.

    Two windows of one person may go for the same slot; the one that comes second looks again.
    """
    while True:
        slot = _slot(session, reward, person_id)
        redemption = Redemption(key=key, reward_id=reward.id, person_id=person_id, slot=slot, price=reward.price, wish=wish, requested_at=now)
        redemption.state, redemption.has_stock, redemption.delivery, redemption.reason = State.REQUESTED.value, False, "", ""
        try:
            with session.begin_nested():
                session.add(redemption)
                session.flush()
            return redemption, True
        except IntegrityError as error:
            if violated(error, "redemption", "key"):
                first = find_by_key(session, key)
                assert first is not None
                return first, False
            if not violated(error, "redemption", "reward_id", "person_id", "slot", name="uq_redemption_slot"):
                raise


def _slot(session: Session, reward: Reward, person_id: int) -> int | None:
    if reward.limit_per_person is None:
        return None
    slot = free_slot(live_slots(session, reward.id, person_id), reward.limit_per_person)
    if slot is None:
        raise LimitReached(reward=reward.name, limit=reward.limit_per_person)
    return slot


def _take_stock(session: Session, reward: Reward) -> bool:
    """Take one piece, and tell whether there was a count to take it from."""
    taken = update(Reward).where(Reward.id == reward.id, Reward.state == RewardState.LIVE, Reward.stock > 0)
    statement = taken.values(stock=Reward.stock - 1).returning(Reward.id).execution_options(synchronize_session=False)
    if reward.stock is not None and session.execute(statement).scalar() is not None:
        return True
    now = session.execute(select(Reward.state, Reward.stock).where(Reward.id == reward.id)).one()
    if now.state != RewardState.LIVE:
        raise RewardNotOffered()
    if now.stock is not None:
        raise OutOfStock(reward=reward.name)
    return False


def _hold(session: Session, actor: Actor, redemption: Redemption, now: datetime) -> int:
    try:
        held = hold(
            session,
            actor,
            owner_id=redemption.person_id,
            points=redemption.price,
            key=f"redemption:{redemption.id}:hold",
            reason="reward.redeemed",
            source_type="redemption",
            source_id=redemption.id,
            now=now,
        )
    except BalanceTooLow as refusal:
        raise TooFewPoints(**refusal.facts) from refusal
    return held.id
