"""What a reward comes in: adding sizes and dates, changing them, counting each. For admins."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.rewards.actions.counting import is_counted, note_change, note_movement
from portal.rewards.actions.returns import came_back, offered_again
from portal.rewards.kinds.contract import Comes
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.queries.catalogue import locked_reward
from portal.rewards.queries.variants import get_variant
from portal.rewards.rules.limits import MOST_STOCK, require_change, require_stock
from portal.rewards.rules.refusals.editing import DateMissing, NameMissing, NotInVariants, VariantNameTaken
from portal.rewards.rules.refusals.stock import StockCounted, StockOutOfRange, StockStands, StockTooLow, StockUncounted
from portal.rewards.rules.stock import Why


def add_variant(
    session: Session, actor: Actor, *, reward_id: int, name: str, happens_on: date | None = None, stock: int | None = None, now: datetime
) -> RewardVariant:
    """Add one of what the reward comes in; ``stock`` None is not counted. A reward with variants has no stock of its own.

    Refuses: NotAllowed, NotInVariants, NameMissing, DateMissing, StockOutOfRange, VariantNameTaken, StockStands while the reward itself is counted.
    """
    _require_admin(actor)
    reward = locked_reward(session, reward_id)
    comes = kind_of(reward.kind).comes
    if comes == Comes.AS_IT_IS:
        raise NotInVariants()
    _require_said(name, happens_on, comes)
    require_stock(stock)
    if reward.stock is not None:
        raise StockStands(stock=reward.stock)
    session.execute(_plain_update(Reward, reward_id).values(changed_at=now))
    place = session.scalar(select(func.count()).where(RewardVariant.reward_id == reward_id)) or 0
    variant = RewardVariant(reward_id=reward_id, name=name.strip(), happens_on=happens_on, stock=stock, position=place + 1, is_active=True)
    try:
        with session.begin_nested():
            session.add(variant)
            session.flush()
    except IntegrityError as error:
        _tell_taken(error)
    if stock is not None:
        note_movement(session, actor.id, why=Why.ADDED, reward_id=reward_id, variant_id=variant.id, pieces=stock, now=now)
    session.refresh(reward)
    audit.record(session, actor, "reward.variant_added", "reward", reward_id, now=now, variant=variant.name, stock=stock)
    return variant


def change_variant(
    session: Session,
    actor: Actor,
    *,
    reward_id: int,
    variant_id: int,
    name: str,
    happens_on: date | None,
    position: int,
    is_active: bool,
    now: datetime,
    seen: str | None = None,
) -> RewardVariant:
    """Change what a variant is called, its place, and whether it is offered. What was redeemed keeps the name it had.

    Refuses: NotAllowed, NotFound, NameMissing, DateMissing, VariantNameTaken, and what changed since it was ``seen`` (ChangedMeanwhile).
    """
    _require_admin(actor)
    # The reward first, as whoever offers again, or adds one, takes it.
    reward, variant = locked_reward(session, reward_id), get_variant(session, reward_id, variant_id)
    session.refresh(variant)
    _require_said(name, happens_on, kind_of(reward.kind).comes)
    new = {"name": name.strip(), "happens_on": happens_on, "position": position, "is_active": is_active}
    if all(getattr(variant, field) == value for field, value in new.items()):
        return variant
    require_seen(seen_variant(variant), seen)
    try:
        with session.begin_nested():
            session.execute(_plain_update(RewardVariant, variant_id).values(**new))
    except IntegrityError as error:
        _tell_taken(error)
    if is_active and (not variant.is_active or variant.happens_on != happens_on):
        offered_again(session, reward_id=reward_id, only=variant_id, now=now)
    session.refresh(variant)
    audit.record(session, actor, "reward.variant_changed", "reward", reward_id, now=now, variant=variant.name)
    return variant


def seen_variant(variant: RewardVariant) -> dict[str, Any]:
    """Return what the form of a variant shows, but for its stock, which is changed and not set."""
    return {field: getattr(variant, field) for field in ("name", "happens_on", "position", "is_active")}


def adjust_variant(session: Session, actor: Actor, *, reward_id: int, variant_id: int, change: int, key: str | None = None, now: datetime) -> int:
    """Add to a variant's stock, or take away from it, and return what is left. The form with the same ``key`` again changes nothing.

    Refuses: NotAllowed, NotFound, StockUncounted, StockTooLow, StockOutOfRange, OtherChange.
    """
    _require_admin(actor)
    require_change(change)
    variant = _locked_variant(session, reward_id, variant_id)
    if is_counted(session, actor, key=key, reward_id=reward_id, variant_id=variant_id, change=change):
        return variant.stock or 0
    stock = RewardVariant.stock
    counted = _plain_update(RewardVariant, variant_id).where(stock + change >= 0, stock + change <= MOST_STOCK)
    left: int | None = session.execute(counted.values(stock=stock + change).returning(stock)).scalar()
    if left is None:
        now_left = session.scalar(select(stock).where(RewardVariant.id == variant_id))
        if now_left is None:
            raise StockUncounted()
        raise StockTooLow(stock=now_left, taken=-change) if change < 0 else StockOutOfRange(most=MOST_STOCK)
    note_change(session, actor, why=Why.CHANGED, key=key, reward_id=reward_id, variant_id=variant_id, change=change, now=now)
    came_back(session, reward_id=reward_id, variant_id=variant_id, pieces=change, left=left, now=now)
    session.refresh(variant)
    audit.record(session, actor, "reward.variant_adjusted", "reward", reward_id, now=now, variant=variant.name, change=change, stock=left)
    return left


def count_variant(session: Session, actor: Actor, *, reward_id: int, variant_id: int, stock: int, key: str | None = None, now: datetime) -> None:
    """Begin to count a variant that never ran out before. The form with the same ``key`` again changes nothing.

    Refuses: NotAllowed, NotFound, StockOutOfRange, StockCounted, OtherChange.
    """
    _require_admin(actor)
    require_stock(stock)
    variant = _locked_variant(session, reward_id, variant_id)
    if is_counted(session, actor, key=key, reward_id=reward_id, variant_id=variant_id, change=stock):
        return
    begun = _plain_update(RewardVariant, variant_id).where(RewardVariant.stock.is_(None)).values(stock=stock).returning(RewardVariant.id)
    if session.execute(begun).scalar() is None:
        raise StockCounted()
    note_change(session, actor, why=Why.COUNTED, key=key, reward_id=reward_id, variant_id=variant_id, change=stock, now=now)
    session.refresh(variant)
    audit.record(session, actor, "reward.variant_adjusted", "reward", reward_id, now=now, variant=variant.name, change=stock, stock=stock)


def _locked_variant(session: Session, reward_id: int, variant_id: int) -> RewardVariant:
    variant = get_variant(session, reward_id, variant_id)
    session.refresh(variant, with_for_update={"key_share": True})
    return variant


def _plain_update(table: type[Reward] | type[RewardVariant], row_id: int) -> Any:
    return update(table).where(table.id == row_id).execution_options(synchronize_session=False)


def _require_said(name: str, happens_on: date | None, comes: Comes) -> None:
    if not name.strip():
        raise NameMissing()
    if comes == Comes.DATES and happens_on is None:
        raise DateMissing()


def _tell_taken(error: IntegrityError) -> None:
    if violated(error, "reward_variant", "reward_id", "name"):
        raise VariantNameTaken() from error
    raise error


def _require_admin(actor: Actor) -> None:
    if not actor.is_admin:
        raise NotAllowed()
