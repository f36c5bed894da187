"""The catalogue as an advocate sees it, and as admins keep it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, True_, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from portal.audience.queries.admission import is_admitted
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.text import fold, like_pattern
from portal.rewards.models.offering import Reward, RewardConditions, RewardVariant
from portal.rewards.models.redeeming import Redemption
from portal.rewards.models.waiting import RewardWait, RewardWish
from portal.rewards.queries.acceptable import acceptable
from portal.rewards.queries.conditions import (
    COUNTS_NOW,
    IS_ON_SALE,
    IS_SHOWN,
    IS_SOON,
    MAY_HAVE,
    SHELF,
    Shopper,
    asked_by,
    conditions_of,
    meant_for_others,
    on_shelf,
    opens_for,
    shopper_of,
)
from portal.rewards.queries.variants import IS_LEFT, as_of, left_of
from portal.rewards.rules.conditions import FREE, Conditions, again_on, stand
from portal.rewards.rules.kinds import Kind, RewardState
from portal.rewards.rules.reach import Standing, standing
from portal.rewards.rules.refusals.offering import NotForThisPerson
from portal.rewards.rules.states import State
from portal.web.paging import Page, page_by

ORDERS: dict[str, Sequence[tuple[Any, bool]]] = {
    "price": ((Reward.price, False), (Reward.id, False)),
    "dearest": ((Reward.price, True), (Reward.id, True)),
    "newest": ((Reward.id, True),),
    "name": ((Reward.search_key, False), (Reward.id, False)),
}
_IS_OWN = and_(Redemption.person_id == bindparam("person", type_=BigInteger), Redemption.released_at.is_(None), COUNTS_NOW)
_OWN_COUNTS = (
    select(Redemption.reward_id, func.count())
    .where(_IS_OWN, Redemption.reward_id.in_(bindparam("rewards", expanding=True)))
    .group_by(Redemption.reward_id)
)
_HAS = func.coalesce(select(func.count()).where(_IS_OWN, Redemption.reward_id == Reward.id).correlate(Reward).scalar_subquery(), 0)
_CAN_STILL = and_(MAY_HAVE, IS_LEFT, or_(Reward.limit_per_person.is_(None), Reward.limit_per_person > _HAS))
_HAVEABLE = select(Reward, _HAS).where(Reward.state == RewardState.LIVE, IS_SHOWN, _CAN_STILL)
_AVAILABLE, _NUMBER = bindparam("available", type_=BigInteger), bindparam("number", type_=Integer)
WISHES = select(func.count()).where(RewardWish.reward_id == Reward.id).correlate(Reward).scalar_subquery()
LISTED = select(func.count()).where(RewardWait.reward_id == Reward.id).correlate(Reward).scalar_subquery()
_CAN = _HAVEABLE.where(Reward.price <= _AVAILABLE).order_by(Reward.price.desc(), Reward.id).limit(_NUMBER)
_NEAR = _HAVEABLE.where(Reward.price > _AVAILABLE).order_by(Reward.price, Reward.id).limit(_NUMBER)
_LIVE = select(Reward).where(Reward.state == RewardState.LIVE, IS_SHOWN)
_REACHED = {
    "can": and_(_CAN_STILL, Reward.price <= _AVAILABLE),
    "on": and_(IS_ON_SALE, IS_LEFT),
    "soon": IS_SOON,
    "out": and_(IS_ON_SALE, ~IS_LEFT),
}
"""What the catalogue can be narrowed to."""


@dataclass(frozen=True)
class Offer:
    """A reward, and how it stands for one person who has ``available`` points (below zero: owed).

    ``left`` counts its variants together; None is without end.
    ``objection`` is what redeeming would refuse because of its conditions. At the limit, ``again_on`` is from when they may have it again.
    """

    reward: Reward
    standing: Standing
    available: int
    left: int | None
    conditions: Conditions = FREE
    objection: Refusal | None = None
    again_on: date | None = None


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
    """Return a page of what is offered, each with how it stands for the person at ``now``.

    Filters: q, kind, reach, sort; ``named`` are the kinds whose name holds what is searched for, in the reader's language.
    """
    shopper = shopper_of(session, person_id, now)
    page = page_by(session, _offered(filters), ORDERS[filters.get("sort", "price")], after=after, size=24, values=shopper.values)
    return replace(page, rows=_offers(session, shopper, page.rows, now))


def kinds_offered(session: Session) -> set[Kind]:
    """Return the kinds of which there is something in the catalogue, for anybody."""
    return {Kind(kind) for kind in session.scalars(select(Reward.kind).where(Reward.state == RewardState.LIVE).distinct())}


def offers_of(session: Session, shopper: Shopper, rewards: Sequence[Reward], now: datetime) -> list[Offer]:
    """Return how each of ``rewards``, wherever they come from, stands at ``now`` for somebody in the shop."""
    others = meant_for_others(session, shopper, [reward.id for reward in rewards]) if rewards else set()
    offers = _offers(session, shopper, rewards, now)
    return [replace(offer, objection=NotForThisPerson()) if offer.reward.id in others else offer for offer in offers]


def _offers(session: Session, shopper: Shopper, rewards: Sequence[Reward], now: datetime) -> list[Offer]:
    if not rewards:
        return []
    has = _counts(session, shopper, [reward.id for reward in rewards if reward.limit_per_person is not None])
    left, asks = left_of(session, rewards, now), conditions_of(session, [reward.id for reward in rewards])
    return [_offer(shopper, reward, asks.get(reward.id, FREE), has.get(reward.id, 0), left[reward.id]) for reward in rewards]


def iter_offers(session: Session, person_id: int, filters: Mapping[str, Any], now: datetime) -> Iterator[tuple[Reward, int | None]]:
    """Yield every reward of ``list_offers`` with how many are left of it."""
    shopper = shopper_of(session, person_id, now)
    order = (column.desc() if descending else column.asc() for column, descending in ORDERS[filters.get("sort", "price")])
    found = session.scalars(_offered(filters).order_by(*order), shopper.values)
    for rewards in found.partitions(500):
        left = left_of(session, rewards, now)
        yield from ((reward, left[reward.id]) for reward in rewards)


def offer_for(session: Session, person_id: int, reward_id: int, now: datetime) -> Offer:
    """Return one reward as the person may see it.

    Raises NotFound for a draft, and for what they never redeemed where it is retired, kept for later, or meant for others.
    """
    reward, shopper = get_reward(session, reward_id), shopper_of(session, person_id, now)
    conditions, audience_id = asked_by(session, reward_id)
    is_meant = is_admitted(session, person_id, audience_id, now)
    opens = reward.state == RewardState.LIVE and is_meant and opens_for(conditions, shopper.today)
    if not opens and not (reward.state != RewardState.DRAFT and _ever(session, person_id, reward_id)):
        raise NotFound()
    has = _counts(session, shopper, [reward.id] if reward.limit_per_person is not None else [])
    offer = _offer(shopper, reward, conditions, has.get(reward.id, 0), left_of(session, [reward], now)[reward.id])
    return offer if is_meant else replace(offer, objection=NotForThisPerson())


def within_reach(session: Session, shopper: Shopper, limit: int = 3) -> list[Offer]:
    """Return offers near to what somebody in the shop can spend, by price: the dearest they can have, then what is not far, then cheaper ones.

    What they may not accept is none of them.
    """
    may, asked = acceptable(session, shopper.receiver), {"number": limit, **shopper.values}
    # Where nothing is capped, the statements are those that were built beforehand.
    can, near = (session.execute(built if isinstance(may, True_) else built.where(may), asked).all() for built in (_CAN, _NEAR))
    chosen = sorted([*can[:1], *near, *can[1:]][:limit], key=lambda row: (row[0].price, row[0].id))
    asks = conditions_of(session, [reward.id for reward, _count in chosen])
    return [_offer(shopper, reward, asks.get(reward.id, FREE), count, reward.stock) for reward, count in chosen]


def list_rewards(session: Session, filters: Mapping[str, Any], now: datetime, *, after: str | None = None) -> Page:
    """Return a page of all rewards for admins.

    Each row is (reward, redeemed, waiting, variants offered, wishes, listed, shelf, first and last day of sale, period): ``waiting`` are
    redemptions to be approved, ``listed`` people on the waiting list. Filters: q, kind, state (a ``Shelf``), sort.
    """
    values = as_of(session, now)
    return page_by(session, _counted(filters), ORDERS[filters.get("sort", "newest")], after=after, values=values)


def iter_rewards(session: Session, filters: Mapping[str, Any], now: datetime) -> Iterator[Any]:
    """Yield every row of ``list_rewards``."""
    order = (column.desc() if descending else column.asc() for column, descending in ORDERS[filters.get("sort", "newest")])
    yield from session.execute(_counted(filters).order_by(*order), as_of(session, now), execution_options={"yield_per": 1000})


def count_rewards(session: Session, now: datetime) -> dict[str, int]:
    """Return how many rewards stand in each way for admins, by ``Shelf``."""
    stands = select(SHELF.label("shelf")).subquery()
    return dict(session.execute(select(stands.c.shelf, func.count()).group_by(stands.c.shelf), as_of(session, now)).all())


def _offered(filters: Mapping[str, Any]) -> Select[Reward]:
    statement = _matching({name: value for name, value in filters.items() if name != "state"}, _LIVE)
    reached = _REACHED.get(filters.get("reach", ""))
    return statement if reached is None else statement.where(reached)


def _matching(filters: Mapping[str, Any], statement: Select[Reward]) -> Select[Reward]:
    if term := fold(filters.get("q", "").strip()):
        statement = statement.where(or_(Reward.search_key.like(like_pattern(term), escape="\\"), Reward.kind.in_(filters.get("named", ()))))
    if kind := filters.get("kind"):
        statement = statement.where(Reward.kind == kind)
    if state := filters.get("state"):
        statement = statement.where(on_shelf(state))
    return statement


def _counted(filters: Mapping[str, Any]) -> Select[*tuple[Any, ...]]:
    of = Redemption.reward_id == Reward.id
    redeemed = select(func.count()).where(of, Redemption.released_at.is_(None)).correlate(Reward).scalar_subquery()
    waiting = select(func.count()).where(of, Redemption.state == State.REQUESTED).correlate(Reward).scalar_subquery()
    own = select(func.count()).where(RewardVariant.reward_id == Reward.id, RewardVariant.is_active).correlate(Reward).scalar_subquery()
    counts = (redeemed.label("redeemed"), waiting.label("waiting"), own.label("variants"), WISHES.label("wishes"), LISTED.label("listed"))
    days = (SHELF.label("shelf"), RewardConditions.sale_from, RewardConditions.sale_to, RewardConditions.period)
    counted = _matching(filters, select(Reward)).add_columns(*counts, *days)
    return counted.outerjoin(RewardConditions, RewardConditions.reward_id == Reward.id)


def is_redeemed(session: Session, reward_id: int) -> bool:
    """Tell whether anybody ever asked for the reward."""
    return session.scalar(select(Redemption.id).where(Redemption.reward_id == reward_id).limit(1)) is not None


def _ever(session: Session, person_id: int, reward_id: int) -> bool:
    mine = select(Redemption.id).where(Redemption.reward_id == reward_id, Redemption.person_id == person_id)
    return session.scalar(mine.limit(1)) is not None


def _counts(session: Session, shopper: Shopper, reward_ids: Sequence[int]) -> dict[int, int]:
    return dict(session.execute(_OWN_COUNTS, {"rewards": reward_ids, **shopper.values}).all()) if reward_ids else {}


def _offer(shopper: Shopper, reward: Reward, conditions: Conditions, has: int, left: int | None) -> Offer:
    plain = standing(price=reward.price, stock=left, limit=reward.limit_per_person, has=has, available=shopper.available)
    objection = shopper.objection(reward, conditions)
    stands = stand(plain, conditions, shopper.today, objection)
    return Offer(reward, stands, shopper.available, left, conditions, objection, again_on(conditions, shopper.today))
