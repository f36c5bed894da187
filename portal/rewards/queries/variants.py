"""What a reward comes in: its sizes or its dates, and how many are left of them."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from portal.kernel.errors import NotFound
from portal.rewards.models import KeptAddress, RedemptionAddress, Reward, RewardVariant
from portal.rewards.rules.addresses import Address

_ORDER = (RewardVariant.happens_on, RewardVariant.position, RewardVariant.id)
_OF = RewardVariant.reward_id == Reward.id
# What can still be chosen, to the day: the act of redeeming knows the programme's day.
_IS_OPEN = and_(RewardVariant.is_active, or_(RewardVariant.happens_on.is_(None), RewardVariant.happens_on >= func.current_date()))
_HAS_ONE = or_(RewardVariant.stock.is_(None), RewardVariant.stock > 0)
IS_LEFT = and_(
    or_(Reward.stock.is_(None), Reward.stock > 0),
    or_(~select(RewardVariant.id).where(_OF).exists(), select(RewardVariant.id).where(_OF, _IS_OPEN, _HAS_ONE).exists()),
)
"""The condition that something of a reward is left: of its own stock, or of one of its variants."""
_LEFT = (
    select(
        RewardVariant.reward_id,
        func.sum(case((and_(_IS_OPEN, RewardVariant.stock.is_(None)), 1), else_=0)).label("endless"),
        func.sum(case((_IS_OPEN, func.coalesce(RewardVariant.stock, 0)), else_=0)).label("left"),
    )
    .where(RewardVariant.reward_id.in_(bindparam("rewards", expanding=True)))
    .group_by(RewardVariant.reward_id)
)


def left_in_variants(session: Session, reward_ids: Sequence[int]) -> dict[int, int | None]:
    """Return how many are left of each reward that comes in variants; None where one of them never runs out."""
    return {row.reward_id: None if row.endless else int(row.left) for row in session.execute(_LEFT, {"rewards": reward_ids})}


def variants_of(session: Session, reward_id: int) -> list[RewardVariant]:
    """Return all variants of a reward, those that are not offered too: dates by day, others by their place."""
    return list(session.scalars(select(RewardVariant).where(RewardVariant.reward_id == reward_id).order_by(*_ORDER)))


def open_variants(session: Session, reward_id: int, today: date) -> list[RewardVariant]:
    """Return what can be chosen of a reward today, what is out of stock too."""
    return [found for found in variants_of(session, reward_id) if found.is_active and (found.happens_on is None or found.happens_on >= today)]


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
