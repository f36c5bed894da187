"""The catalogue as an advocate sees it, and as admins keep it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from portal.kernel.errors import NotFound
from portal.kernel.text import fold, like_pattern
from portal.ledger.queries.balances import balance_of
from portal.receiving.queries.standing import receiver_of
from portal.rewards.models import Redemption, Reward, RewardVariant, RewardWait, RewardWish
from portal.rewards.queries.acceptable import acceptable
from portal.rewards.queries.variants import IS_LEFT, as_of, left_of
from portal.rewards.rules.kinds import UNIT, RewardState
from portal.rewards.rules.reach import Standing, standing
from portal.rewards.rules.states import State
from portal.web.paging import Page, page_by

ORDERS: dict[str, Sequence[tuple[Any, bool]]] = {
    "price": ((Reward.price, False), (Reward.id, False)),
    "dearest": ((Reward.price, True), (Reward.id, True)),
    "newest": ((Reward.id, True),),
    "name": ((Reward.search_key, False), (Reward.id, False)),
}
_IS_OWN = and_(Redemption.person_id == bindparam("person"), Redemption.released_at.is_(None))
_OWN_COUNTS = (
    select(Redemption.reward_id, func.count())
    .where(_IS_OWN, Redemption.reward_id.in_(bindparam("rewards", expanding=True)))
    .group_by(Redemption.reward_id)
)
_HAS = func.coalesce(select(func.count()).where(_IS_OWN, Redemption.reward_id == Reward.id).correlate(Reward).scalar_subquery(), 0)
_HAVEABLE = select(Reward, _HAS).where(
    Reward.state == RewardState.LIVE, IS_LEFT, or_(Reward.limit_per_person.is_(None), Reward.limit_per_person > _HAS)
)
_AVAILABLE, _NUMBER = bindparam("available", type_=BigInteger), bindparam("number", type_=Integer)
WISHES = select(func.count()).where(RewardWish.reward_id == Reward.id).correlate(Reward).scalar_subquery()
LISTED = select(func.count()).where(RewardWait.reward_id == Reward.id).correlate(Reward).scalar_subquery()
_CAN = _HAVEABLE.where(Reward.price <= _AVAILABLE).order_by(Reward.price.desc(), Reward.id).limit(_NUMBER)
_NEAR = _HAVEABLE.where(Reward.price > _AVAILABLE).order_by(Reward.price, Reward.id).limit(_NUMBER)
_LIVE = select(Reward).where(Reward.state == RewardState.LIVE)


@dataclass(frozen=True)
class Offer:
    """A reward, and how it stands for one person who has ``available`` points. ``left`` counts its variants together; None is without end."""

    reward: Reward
    standing: Standing
    available: int
    left: int | None


def get_reward(session: Session, reward_id: int) -> Reward:
    """Return the reward, in any state. Raises NotFound."""
    reward = session.get(Reward, reward_id)
    if reward is None:
        raise NotFound()
    return reward


def locked_reward(session: Session, reward_id: int) -> Reward:
    """Return the reward, read anew, and keep others from changing its stock or its variants until this unit of work ends. Raises NotFound."""
    reward = session.scalar(select(Reward).where(Reward.id == reward_id).with_for_update(key_share=True).execution_options(populate_existing=True))
    if reward is None:
        raise NotFound()
    return reward


def list_offers(session: Session, person_id: int, filters: Mapping[str, Any], now: datetime, *, after: str | None = None) -> Page:
    """Return a page of what is offered, each with how it stands for the person at ``now``. Filters: q, kind, reach, sort."""
    available = balance_of(session, person_id, unit=UNIT).available
    statement = _offered(filters, available)
    page = page_by(session, statement, ORDERS[filters.get("sort", "price")], after=after, size=24, values=as_of(session, now))
    return replace(page, rows=offers_of(session, person_id, page.rows, available, now))


def offers_of(session: Session, person_id: int, rewards: Sequence[Reward], available: int, now: datetime) -> list[Offer]:
    """Return how each of ``rewards`` stands at ``now`` for the person, who has ``available`` points."""
    if not rewards:
        return []
    has = _counts(session, person_id, [reward.id for reward in rewards if reward.limit_per_person is not None])
    left = left_of(session, rewards, now)
    return [_offer(reward, has.get(reward.id, 0), available, left[reward.id]) for reward in rewards]


def iter_offers(session: Session, person_id: int, filters: Mapping[str, Any], now: datetime) -> Iterator[tuple[Reward, int | None]]:
    """Yield every reward of ``list_offers`` with how many are left of it."""
    available = balance_of(session, person_id, unit=UNIT).available
    order = (column.desc() if descending else column.asc() for column, descending in ORDERS[filters.get("sort", "price")])
    found = session.scalars(_offered(filters, available).order_by(*order), as_of(session, now))
    for rewards in found.partitions(500):
        left = left_of(session, rewards, now)
        yield from ((reward, left[reward.id]) for reward in rewards)


def offer_for(session: Session, person_id: int, reward_id: int, now: datetime) -> Offer:
    """Return one reward as the person may see it. Raises NotFound for a draft, and for a retired one they never redeemed."""
    reward = get_reward(session, reward_id)
    if reward.state != RewardState.LIVE and not (reward.state == RewardState.RETIRED and _ever(session, person_id, reward_id)):
        raise NotFound()
    has = _counts(session, person_id, [reward.id] if reward.limit_per_person is not None else [])
    return _offer(reward, has.get(reward.id, 0), balance_of(session, person_id, unit=UNIT).available, left_of(session, [reward], now)[reward.id])


def within_reach(session: Session, person_id: int, now: datetime, limit: int = 3) -> list[Offer]:
    """Return offers near to what the person can spend, by price: the dearest they can have, then what is not far, then cheaper ones.

    What they may not accept is none of them.
    """
    available = balance_of(session, person_id, unit=UNIT).available
    may = acceptable(session, receiver_of(session, person_id, now))
    asked = {"person": person_id, "available": available, "number": limit} | as_of(session, now)
    can, near = session.execute(_CAN.where(may), asked).all(), session.execute(_NEAR.where(may), asked).all()
    chosen = sorted([*can[:1], *near, *can[1:]][:limit], key=lambda row: (row[0].price, row[0].id))
    return [_offer(reward, count, available, reward.stock) for reward, count in chosen]


def list_rewards(session: Session, filters: Mapping[str, Any], *, after: str | None = None) -> Page:
    """Return a page of all rewards for admins, each row (reward, redeemed, waiting, variants offered, wishes, listed). Filters: q, kind, state, sort.

    ``waiting`` are redemptions to be approved, ``listed`` people on the waiting list.
    """
    return page_by(session, _counted(filters), ORDERS[filters.get("sort", "newest")], after=after)


def iter_rewards(session: Session, filters: Mapping[str, Any]) -> Iterator[Any]:
    """Yield every row of ``list_rewards``."""
    order = (column.desc() if descending else column.asc() for column, descending in ORDERS[filters.get("sort", "newest")])
    yield from session.execute(_counted(filters).order_by(*order), execution_options={"yield_per": 1000})


def count_rewards(session: Session) -> dict[str, int]:
    """Return how many rewards there are in each state."""
    return dict(session.execute(select(Reward.state, func.count()).group_by(Reward.state)).all())


def _offered(filters: Mapping[str, Any], available: int) -> Select[Reward]:
    statement = _matching({name: value for name, value in filters.items() if name != "state"}, _LIVE)
    if filters.get("reach") == "can":
        statement = statement.where(Reward.price <= available, IS_LEFT)
    return statement


def _matching(filters: Mapping[str, Any], statement: Select[Reward]) -> Select[Reward]:
    if term := fold(filters.get("q", "").strip()):
        statement = statement.where(Reward.search_key.like(like_pattern(term), escape="\\"))
    if kind := filters.get("kind"):
        statement = statement.where(Reward.kind == kind)
    if state := filters.get("state"):
        statement = statement.where(Reward.state == state)
    return statement


def _counted(filters: Mapping[str, Any]) -> Select[*tuple[Any, ...]]:
    of = Redemption.reward_id == Reward.id
    redeemed = select(func.count()).where(of, Redemption.released_at.is_(None)).correlate(Reward).scalar_subquery()
    waiting = select(func.count()).where(of, Redemption.state == State.REQUESTED).correlate(Reward).scalar_subquery()
    own = select(func.count()).where(RewardVariant.reward_id == Reward.id, RewardVariant.is_active).correlate(Reward).scalar_subquery()
    counts = (redeemed.label("redeemed"), waiting.label("waiting"), own.label("variants"))
    return _matching(filters, select(Reward)).add_columns(*counts, WISHES.label("wishes"), LISTED.label("listed"))


def is_redeemed(session: Session, reward_id: int) -> bool:
    """Tell whether anybody ever asked for the reward."""
    return session.scalar(select(Redemption.id).where(Redemption.reward_id == reward_id).limit(1)) is not None


def _ever(session: Session, person_id: int, reward_id: int) -> bool:
    mine = select(Redemption.id).where(Redemption.reward_id == reward_id, Redemption.person_id == person_id)
    return session.scalar(mine.limit(1)) is not None


def _counts(session: Session, person_id: int, reward_ids: Sequence[int]) -> dict[int, int]:
    return dict(session.execute(_OWN_COUNTS, {"person": person_id, "rewards": reward_ids}).all()) if reward_ids else {}


def _offer(reward: Reward, has: int, available: int, left: int | None) -> Offer:
    stands = standing(price=reward.price, stock=left, limit=reward.limit_per_person, has=has, available=available)
    return Offer(reward, stands, available, left)
