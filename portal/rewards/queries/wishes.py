"""What people wish for: somebody's own list, hearts on a page of the catalogue, and who has come within reach of something."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from portal.ledger.models import account
from portal.ledger.rules import AccountKind
from portal.people.models import Person
from portal.people.rules.person import PersonState
from portal.receiving.queries.standing import Receiver
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward
from portal.rewards.models.waiting import RewardWish
from portal.rewards.queries.catalogue import Offer, offers_of
from portal.rewards.queries.conditions import IS_SHOWN, MAY_HAVE, Shopper, shopper_of
from portal.rewards.queries.variants import IS_LEFT, as_of
from portal.rewards.queries.worth import cents_of, is_charity, open_cents
from portal.rewards.rules.kinds import UNIT, RewardState
from portal.rewards.rules.reach import Standing, standing
from portal.rewards.rules.redeeming import is_over
from portal.web.paging import Page, page_by

ORDERS: dict[str, Sequence[tuple[Any, bool]]] = {
    "nearest": ((Reward.price, False), (Reward.id, False)),
    "newest": ((RewardWish.made_at, True), (RewardWish.reward_id, True)),
    "name": ((Reward.search_key, False), (Reward.id, False)),
}
FIRST = 0
_AVAILABLE = (
    func.coalesce(
        select(account.c.balance)
        .where(account.c.owner_id == RewardWish.person_id, account.c.unit == UNIT, account.c.kind == AccountKind.AVAILABLE)
        .correlate(RewardWish)
        .scalar_subquery(),
        0,
    )
)  # fmt: skip
_IS_OWN = RewardWish.person_id == bindparam("person")
_WISHED = select(RewardWish.reward_id).where(_IS_OWN, RewardWish.reward_id.in_(bindparam("rewards", expanding=True)))
_OWN = select(RewardWish, Reward).join(Reward, Reward.id == RewardWish.reward_id).where(_IS_OWN)
_NEAREST = (
    select(Reward)
    .join(RewardWish, RewardWish.reward_id == Reward.id)
    .where(_IS_OWN, Reward.state == RewardState.LIVE, IS_LEFT, IS_SHOWN, MAY_HAVE)
    .order_by(Reward.price, Reward.id)
    .limit(bindparam("number"))
)


@dataclass(frozen=True)
class Wish:
    """One wish of somebody: how its reward stands for them, whether they may not accept it, and whether its day has passed."""

    wish: RewardWish
    offer: Offer
    is_barred: bool
    is_over: bool

    @property
    def is_offered(self) -> bool:
        return self.offer.reward.state == RewardState.LIVE


def wished(session: Session, person_id: int, reward_ids: Iterable[int]) -> set[int]:
    """Return which of the rewards somebody wishes for, in one statement."""
    return set(session.scalars(_WISHED, {"person": person_id, "rewards": list(reward_ids)}))


def count_own_wishes(session: Session, person_id: int) -> int:
    """Return how many wishes somebody has."""
    return session.scalar(select(func.count()).select_from(RewardWish).where(RewardWish.person_id == person_id)) or 0


def count_wishes(session: Session, reward_id: int) -> int:
    """Return how many wish for a reward. Who they are is nobody's business."""
    return session.scalar(select(func.count()).select_from(RewardWish).where(RewardWish.reward_id == reward_id)) or 0


def own_wishes(session: Session, receiver: Receiver, filters: Mapping[str, Any], now: datetime, *, after: str | None = None) -> Page:
    """Return a page of somebody's wishes, rows of ``Wish``. Filters: sort (nearest, newest, name)."""
    person_id = receiver.person_id
    shopper = shopper_of(session, person_id, now)
    page = page_by(session, _OWN, ORDERS[filters.get("sort", "nearest")], after=after, size=24, values={"person": person_id})
    offers = offers_of(session, shopper, [row[1] for row in page.rows], now)
    # What is asked for already fills the year, for all of them alike.
    asked = open_cents(session, person_id) if page.rows and receiver.rule.year_cents is not None else 0

    def stands(mine: RewardWish, offer: Offer) -> Wish:
        day = kind_of(offer.reward.kind).day(offer.reward.options)
        return Wish(mine, offer, _is_barred(session, receiver, offer.reward, asked), is_over(day, shopper.today))

    return replace(page, rows=[stands(row[0], offer) for row, offer in zip(page.rows, offers, strict=True)])


def nearest_wishes(session: Session, shopper: Shopper, limit: int = 3) -> list[Offer]:
    """Return wishes of somebody in the shop which they can have but for their points, the lowest price first. In one statement."""
    rewards = session.scalars(_NEAREST, {"number": limit, **shopper.values})
    return [Offer(reward, _standing(reward, shopper.available), shopper.available, reward.stock) for reward in rewards]


def _standing(reward: Reward, available: int) -> Standing:
    return standing(price=reward.price, stock=reward.stock, limit=None, has=0, available=available)


def _is_barred(session: Session, receiver: Receiver, reward: Reward, asked: int) -> bool:
    if receiver.must_answer:
        return False
    return receiver.objection(cents_of(session, reward), is_charity=is_charity(reward), open_cents=asked) is not None


def may_have_reached(session: Session, now: datetime, *, after: int, limit: int) -> list[int]:
    """Return who has the points for a wish they were not told of, in order of their ids behind ``after``."""
    found = _reached().with_only_columns(RewardWish.person_id).where(RewardWish.person_id > after).distinct().order_by(RewardWish.person_id)
    return list(session.scalars(found.limit(limit), as_of(session, now)))


def reached_of(session: Session, person_id: int, now: datetime) -> list[Reward]:
    """Return the wishes of somebody that they have the points for and were not told of, the dearest first, and let nobody else tell them."""
    found = _reached().with_only_columns(Reward).where(RewardWish.person_id == person_id).order_by(Reward.price.desc(), Reward.id)
    return list(session.scalars(found.with_for_update(of=RewardWish), as_of(session, now)))


def out_of_reach(session: Session, *, after: tuple[int, int], limit: int) -> list[tuple[int, int]]:
    """Return wishes (person, reward) that were within reach and are not now: points were spent, or it costs more."""
    key = (RewardWish.person_id, RewardWish.reward_id)
    behind = or_(key[0] > after[0], and_(key[0] == after[0], key[1] > after[1]))
    lost = select(*key).join(Reward, Reward.id == RewardWish.reward_id)
    lost = lost.where(RewardWish.reached_at.is_not(None), Reward.price > _AVAILABLE, behind)
    return [(row[0], row[1]) for row in session.execute(lost.order_by(*key).limit(limit))]


def _reached() -> Select[Any]:
    return (
        select(RewardWish)
        .join(Reward, Reward.id == RewardWish.reward_id)
        .join(Person, Person.id == RewardWish.person_id)
        .where(Person.state == PersonState.ACTIVE, Person.is_advocate, Reward.state == RewardState.LIVE, IS_LEFT)
        .where(RewardWish.reached_at.is_(None), Reward.price <= _AVAILABLE)
    )
