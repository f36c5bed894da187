"""The waiting list looked at again: pieces on the shelf that nobody who waits was told of.

A sale began by its date, a condition, an audience or somebody's level changed, or who was told left the list: then people who wait may have
it now, and no piece came back to say so. A tick finds those shelves and promises the telling of ``actions.waiting``.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.rewards.actions.returns import promise
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.models.waiting import StockReturn
from portal.rewards.queries.catalogue import get_reward, locked_reward
from portal.rewards.queries.conditions import get_conditions
from portal.rewards.queries.waiting import Shelf, count_untold, count_who_know, emptied_at, is_being_told, next_in_turn, stock_of
from portal.rewards.rules.conditions import Sale, sale_of
from portal.rewards.rules.kinds import RewardState
from portal.rewards.rules.waiting import nobody_knows


def tell_of_untold(session: Session, *, shelf: Shelf, now: datetime) -> bool:
    """Promise that the next people are told of pieces that nobody who waits knows of; tells whether there was anybody to tell.

    Everybody is told of them once: who was told since the shelf was empty last counts against what is there, unless the sale was put off
    since (``actions.conditions``). The shelf is locked, so this may run twice, beside a return of stock too.
    """
    reward = locked_reward(session, shelf.reward_id)
    if shelf.variant_id is not None:
        session.execute(select(RewardVariant.id).where(RewardVariant.id == shelf.variant_id).with_for_update(key_share=True))
    back = _nobody_knows_of(session, reward, shelf, now)
    if back is None:
        return False
    promise(session, reward.id, shelf.variant_id, pieces=back.pieces, is_empty=back.was_empty, made_at=back.made_at, now=now)
    return True


def has_untold(session: Session, shelf: Shelf, now: datetime) -> bool:
    """Tell whether there are pieces and somebody to tell of them. Locks nothing, however many wait who may not have them."""
    return _nobody_knows_of(session, get_reward(session, shelf.reward_id), shelf, now) is not None


def _nobody_knows_of(session: Session, reward: Reward, shelf: Shelf, now: datetime) -> StockReturn | None:
    """Return the pieces of which somebody is to be told, as a row that is not kept."""
    today = local_date(now, programme_zone(session))
    if reward.state != RewardState.LIVE or sale_of(get_conditions(session, reward.id), today) is not Sale.ON or is_being_told(session, shelf):
        return None
    stock, since = stock_of(session, reward, shelf.variant_id, today), emptied_at(session, shelf)
    untold = count_untold(session, shelf, since)
    knowing = count_who_know(session, reward, shelf, since=since, stock=stock, wanted=untold, now=now) if untold else 0
    pieces = nobody_knows(stock=stock, who_know=knowing, untold=untold)
    back = StockReturn(reward_id=reward.id, variant_id=shelf.variant_id, pieces=pieces, was_empty=since is not None, made_at=since or now)
    return back if pieces and next_in_turn(session, back, reward, 1, now, is_looking=True) else None
