"""What a reward comes in: its sizes or its dates, and how many are left of them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, String, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.models.redeeming import KeptAddress, RedemptionAddress
from portal.rewards.rules.addresses import Address
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.redeeming import is_over

_ORDER = (RewardVariant.happens_on, RewardVariant.position, RewardVariant.id)
_OF = RewardVariant.reward_id == Reward.id
# The programme's day, filled in by ``as_of``. The day of an event stands in its options, as text.
_TODAY, _TODAY_WRITTEN = bindparam("today", type_=Date), bindparam("today_written", type_=String)
_EVENT_DAY = func.coalesce(Reward.options["happens_on"].as_string(), "")
_IS_AHEAD = or_(Reward.kind != Kind.EVENT, _EVENT_DAY == "", _EVENT_DAY >= _TODAY_WRITTEN)
_IS_OPEN = and_(RewardVariant.is_active, or_(RewardVariant.happens_on.is_(None), RewardVariant.happens_on >= _TODAY))
_HAS_ONE = or_(RewardVariant.stock.is_(None), RewardVariant.stock > 0)
IS_LEFT = and_(
    _IS_AHEAD,
    or_(Reward.stock.is_(None), Reward.stock > 0),
    or_(~select(RewardVariant.id).where(_OF).exists(), select(RewardVariant.id).where(_OF, _IS_OPEN, _HAS_ONE).exists()),
)
"""The condition that something of a reward is left and not over, of its own stock or of one of its variants, with the parameters of ``as_of``."""
_LEFT = (
    select(
        RewardVariant.reward_id,
        func.sum(case((and_(_IS_OPEN, RewardVariant.stock.is_(None)), 1), else_=0)).label("endless"),
        func.sum(case((_IS_OPEN, func.coalesce(RewardVariant.stock, 0)), else_=0)).label("left"),
    )
    .where(RewardVariant.reward_id.in_(bindparam("rewards", expanding=True)))
    .group_by(RewardVariant.reward_id)
)


def as_of(session: Session, now: datetime) -> dict[str, Any]:
    """Return the parameters of ``IS_LEFT``: the programme's day at ``now``."""
    today = local_date(now, programme_zone(session))
    return {"today": today, "today_written": today.isoformat()}


def left_in_variants(session: Session, reward_ids: Sequence[int], now: datetime) -> dict[int, int | None]:
    """Return how many can be had at ``now`` of each reward that comes in variants; None where one of them never runs out."""
    found = session.execute(_LEFT, {"rewards": reward_ids, "today": local_date(now, programme_zone(session))})
    return {row.reward_id: None if row.endless else int(row.left) for row in found}


def left_of(session: Session, rewards: Sequence[Reward], now: datetime) -> dict[int, int | None]:
    """Return how many of each reward can be had at ``now``: none of what is over, None where it never runs out."""
    today, in_variants = local_date(now, programme_zone(session)), left_in_variants(session, [reward.id for reward in rewards], now)
    over = {reward.id for reward in rewards if is_over(kind_of(reward.kind).day(reward.options), today)}
    return {reward.id: 0 if reward.id in over else in_variants.get(reward.id, reward.stock) for reward in rewards}


def has_variants(session: Session, reward_id: int) -> bool:
    """Tell whether the reward comes in variants, offered or not."""
    return session.scalar(select(RewardVariant.id).where(RewardVariant.reward_id == reward_id).limit(1)) is not None


def variants_of(session: Session, reward_id: int) -> list[RewardVariant]:
    """Return all variants of a reward, those that are not offered too: dates by day, others by their place."""
    return list(session.scalars(select(RewardVariant).where(RewardVariant.reward_id == reward_id).order_by(*_ORDER)))


def open_variants(session: Session, reward_id: int, today: date) -> list[RewardVariant]:
    """Return what can be chosen of a reward today, what is out of stock too."""
    return [found for found in variants_of(session, reward_id) if found.is_active and not is_over(found.happens_on, today)]


def get_variant(session: Session, reward_id: int, variant_id: int) -> RewardVariant:
    """Return a variant of the reward. Raises NotFound."""
    found = session.get(RewardVariant, variant_id)
    if found is None or found.reward_id != reward_id:
        raise NotFound()
    return found


def kept_address(session: Session, person_id: int) -> Address | None:
    """Return the address a person asked us to remember."""
    found = session.get(KeptAddress, person_id)
    return Address.of(found) if found else None


def address_of(session: Session, redemption_id: int) -> Address | None:
    """Return where a redemption is sent, or None. For the person and for admins alone."""
    found = session.get(RedemptionAddress, redemption_id)
    return Address.of(found) if found else None
