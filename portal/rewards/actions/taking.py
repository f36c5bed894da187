"""What redeeming takes: a piece off its shelf, by guarded updates, and an address for the parcel."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.rewards.actions.counting import note_taken
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.variants import has_variants
from portal.rewards.rules.kinds import RewardState
from portal.rewards.rules.redeeming import is_over
from portal.rewards.rules.refusals.offering import RewardNotOffered
from portal.rewards.rules.refusals.redeeming import DateIsOver, OutOfStock, VariantGone, VariantNeeded, VariantOut
from portal.rewards.rules.undoing import PieceGone


def chosen_variant(session: Session, reward_id: int, variant_id: int | None, now: datetime) -> RewardVariant | None:
    """Return the chosen variant, None where the reward comes as it is. Refuses: VariantNeeded, VariantGone, DateIsOver."""
    if variant_id is None:
        if has_variants(session, reward_id):
            raise VariantNeeded()
        return None
    variant = session.get(RewardVariant, variant_id)
    if variant is None or variant.reward_id != reward_id or not variant.is_active:
        raise VariantGone()
    if is_over(variant.happens_on, local_date(now, programme_zone(session))):
        raise DateIsOver()
    return variant


def take_piece(session: Session, reward: Reward, redemption: Redemption, now: datetime) -> bool:
    """Take one piece for a redemption, and tell whether there was a count to take it from.

    Refuses: RewardNotOffered, OutOfStock, VariantNeeded, VariantGone, VariantOut.
    """
    variant_id = redemption.variant_id
    is_taken = _of_reward(session, reward) if variant_id is None else _of_variant(session, reward, variant_id)
    if is_taken:
        note_taken(session, redemption.person_id, redemption, now)
    return is_taken


def take_again(session: Session, by_id: int | None, redemption: Redemption, now: datetime) -> bool:
    """Take the piece that was put back once more, whether it is still offered or not, and tell whether it was counted. Refuses: PieceGone."""
    if not redemption.has_stock:
        return False
    shelf, its_id = (RewardVariant, redemption.variant_id) if redemption.variant_id else (Reward, redemption.reward_id)
    taken = update(shelf).where(shelf.id == its_id, shelf.stock > 0).values(stock=shelf.stock - 1).returning(shelf.id)
    if session.execute(taken.execution_options(synchronize_session=False)).scalar() is not None:
        note_taken(session, by_id, redemption, now)
        return True
    if session.scalar(select(shelf.stock).where(shelf.id == its_id)) is not None:
        raise PieceGone()
    return False


def _of_reward(session: Session, reward: Reward) -> bool:
    taken = update(Reward).where(Reward.id == reward.id, Reward.state == RewardState.LIVE, Reward.stock > 0)
    statement = taken.values(stock=Reward.stock - 1).returning(Reward.id).execution_options(synchronize_session=False)
    if reward.stock is not None and session.execute(statement).scalar() is not None:
        return True
    now = session.execute(select(Reward.state, Reward.stock).where(Reward.id == reward.id)).one()
    if now.state != RewardState.LIVE:
        raise RewardNotOffered()
    if now.stock is not None:
        raise OutOfStock(reward=reward.name)
    # Variants may have come since it was looked at. What is not counted is held still, so that none comes after this look either.
    session.execute(select(Reward.id).where(Reward.id == reward.id).with_for_update(read=True))
    if has_variants(session, reward.id):
        raise VariantNeeded()
    return False


def _of_variant(session: Session, reward: Reward, variant_id: int) -> bool:
    taken = update(RewardVariant).where(RewardVariant.id == variant_id, RewardVariant.is_active, RewardVariant.stock > 0)
    statement = taken.values(stock=RewardVariant.stock - 1).returning(RewardVariant.id).execution_options(synchronize_session=False)
    is_taken = session.execute(statement).scalar() is not None
    if session.scalar(select(Reward.state).where(Reward.id == reward.id)) != RewardState.LIVE:
        raise RewardNotOffered()
    if is_taken:
        return True
    columns = (RewardVariant.is_active, RewardVariant.stock, RewardVariant.name)
    now = session.execute(select(*columns).where(RewardVariant.id == variant_id)).one()
    if not now.is_active:
        raise VariantGone()
    if now.stock is not None:
        raise VariantOut(variant=now.name)
    return False
