"""Rewards as things that have an audience."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.audience.contract import Owned
from portal.kernel.clock import start_of_day
from portal.kernel.db import programme_zone
from portal.kernel.text import N_
from portal.rewards.models.offering import Reward, RewardAudience, RewardConditions
from portal.rewards.models.redeeming import Redemption
from portal.rewards.rules.kinds import RewardState
from portal.rewards.rules.states import HELD


class RewardOwner:
    """A reward is seen by its audience, and by who has redeemed it. Whoever has one on its way keeps it whatever the audience says."""

    def find(self, session: Session, audience_id: int) -> Owned | None:
        """Return the reward with this audience."""
        of_it = select(Reward.id, Reward.name, Reward.state, RewardConditions.sale_from).join(RewardAudience, RewardAudience.reward_id == Reward.id)
        of_it = of_it.outerjoin(RewardConditions, RewardConditions.reward_id == Reward.id)
        row = session.execute(of_it.where(RewardAudience.audience_id == audience_id)).first()
        if row is None:
            return None
        opens_at = start_of_day(row.sale_from, programme_zone(session)) if row.sale_from else None
        is_live = row.state == RewardState.LIVE
        return Owned(row.name, is_live, "rewards_admin.edit", "rewards_admin.index", N_("Rewards"), {"reward_id": row.id}, opens_at)

    def under_way(self, audience_id: int) -> Select[int]:
        """Return who asked for it and neither has it nor their points back."""
        here = select(RewardAudience.reward_id).where(RewardAudience.audience_id == audience_id)
        return select(Redemption.person_id).where(Redemption.reward_id.in_(here), Redemption.state.in_(HELD)).distinct()
