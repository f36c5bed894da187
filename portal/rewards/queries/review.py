"""What the one approvals queue (room dashboard) needs to show redemptions beside everything else that waits."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from portal.kernel.text import N_
from portal.ledger.queries.balances import Balance, balance_of
from portal.people.models import Company, Person
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.redemptions import Detail, get_detail
from portal.rewards.queries.worth import Looked
from portal.rewards.rules.kinds import UNIT
from portal.rewards.rules.states import State

KIND = "redemption"


@dataclass(frozen=True)
class RedemptionForReview:
    """One redemption with what helps to decide: what the person can spend besides, and what they redeemed before.

    ``answers`` are what its kind asked and what they said, ``left`` how many of the very variant there are besides, None is not counted;
    ``looked`` what stands between it and the person, where somebody asked for that.
    """

    detail: Detail
    balance: Balance
    earlier: int
    answers: list[tuple[str, str]]
    left: int | None
    looked: Looked | None = None


def waiting_redemptions() -> Select[*tuple[Any, ...]]:
    """Return the statement of what waits: kind, id, waiting_since, person_id, person, company, title, points; unordered, for a union."""
    return (
        select(
            literal(KIND).label("kind"),
            Redemption.id.label("id"),
            Redemption.requested_at.label("waiting_since"),
            Person.id.label("person_id"),
            Person.name.label("person"),
            func.coalesce(Company.name, "").label("company"),
            Reward.name.label("title"),
            Redemption.price.label("points"),
        )
        .join(Reward, Reward.id == Redemption.reward_id)
        .join(Person, Person.id == Redemption.person_id)
        .outerjoin(Company, Company.id == Person.company_id)
        .where(Redemption.state == State.REQUESTED.value)
    )


def redemption_for_review(session: Session, redemption_id: int) -> RedemptionForReview:
    """Return one redemption for the side panel of the queue. Raises NotFound."""
    detail = get_detail(session, redemption_id)
    kept = (Redemption.person_id == detail.person.id, Redemption.id != redemption_id, Redemption.released_at.is_(None))
    earlier = session.scalar(select(func.count()).select_from(Redemption).where(*kept)) or 0
    redemption, reward = detail.redemption, detail.reward
    asks = kind_of(reward.kind).asks(reward.options)
    answers = [(asks[name].label if name in asks else N_("Answer"), said) for name, said in redemption.answers.items()]
    variant = session.get(RewardVariant, redemption.variant_id) if redemption.variant_id else None
    left = variant.stock if variant else reward.stock
    return RedemptionForReview(detail, balance_of(session, detail.person.id, unit=UNIT), earlier, answers, left)
