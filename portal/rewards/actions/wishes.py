"""Wishing for a reward, and telling people once when a wish comes within their reach."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.ledger.queries.balances import balance_of
from portal.notifications.actions import notify
from portal.people.queries.persons import recipient
from portal.receiving.queries.standing import Receiver, receiver_of
from portal.rewards.models.offering import Reward
from portal.rewards.models.waiting import RewardWish
from portal.rewards.queries.catalogue import Offer, get_reward, offer_for, offers_of
from portal.rewards.queries.conditions import shopper_of
from portal.rewards.queries.wishes import reached_of
from portal.rewards.queries.worth import cents_of, is_charity, open_cents
from portal.rewards.rules.kinds import UNIT
from portal.rewards.rules.reach import Reach
from portal.rewards.rules.redeeming import require_offered, require_redeemer


def wish(session: Session, actor: Actor, *, reward_id: int, now: datetime) -> None:
    """Put a reward on somebody's wish list. A second click is nothing.

    Refuses: NotAllowed, RewardNotOffered, NotFound, also of what is meant for others.

    What can be had already is not told of: they see it. Who has the points, but not the level or the day, is told once nothing is missing.
    """
    person_id, reward = require_redeemer(actor), get_reward(session, reward_id)
    require_offered(reward.state)
    is_reached = _can_have(offer_for(session, person_id, reward_id, now)) and not _objects(session, receiver_of(session, person_id, now), reward)
    maker = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {"person_id": person_id, "reward_id": reward_id, "made_at": now, "reached_at": now if is_reached else None}
    session.execute(maker.insert(RewardWish).values(**row).on_conflict_do_nothing(index_elements=["person_id", "reward_id"]))


def unwish(session: Session, actor: Actor, *, reward_id: int) -> None:
    """Take a reward off somebody's wish list. A second click is nothing. Refuses: NotAllowed."""
    mine = delete(RewardWish).where(RewardWish.person_id == require_redeemer(actor), RewardWish.reward_id == reward_id)
    session.execute(mine, execution_options={"synchronize_session": False})


def tell_within_reach(session: Session, *, person_id: int, now: datetime) -> int:
    """Tell somebody of the wishes that came within their reach, in one notice; returns how many these are.

    Each is told of once, until it is out of reach again. Not told of: what they may not accept or its conditions refuse, and what they
    have as many of as one person may have; the next look asks again.
    """
    shopper = shopper_of(session, person_id, now)
    rewards = [reward for reward in reached_of(session, person_id, now) if not _objects(session, shopper.receiver, reward)]
    offers = [offer for offer in offers_of(session, shopper, rewards, now) if _can_have(offer)]
    if not offers:
        return 0
    ids = [offer.reward.id for offer in offers]
    marked = update(RewardWish).where(RewardWish.person_id == person_id, RewardWish.reward_id.in_(ids), RewardWish.reached_at.is_(None))
    session.execute(marked.values(reached_at=now), execution_options={"synchronize_session": False})
    first = offers[0].reward
    data = {"reward": first.name, "points": first.price, "more": len(offers) - 1}
    link = f"/rewards/{first.id}" if len(offers) == 1 else "/rewards/wishes"
    notify(session, to=recipient(session, person_id), kind="wish_reached", data=data, key=f"wishes:{micros(now)}", now=now, link=link)
    return len(offers)


def lose_reach(session: Session, *, wishes: list[tuple[int, int]]) -> None:
    """Note that wishes (person, reward) are out of reach, if they still are, so that they are told of when they come back."""
    for person_id, reward_id in wishes:
        if balance_of(session, person_id, unit=UNIT).available < get_reward(session, reward_id).price:
            lost = update(RewardWish).where(RewardWish.person_id == person_id, RewardWish.reward_id == reward_id).values(reached_at=None)
            session.execute(lost, execution_options={"synchronize_session": False})


def _can_have(offer: Offer) -> bool:
    return offer.standing.reach is Reach.CAN and offer.objection is None


def _objects(session: Session, receiver: Receiver, reward: Reward) -> bool:
    waiting = open_cents(session, receiver.person_id) if receiver.rule.year_cents is not None else 0
    return receiver.objection(cents_of(session, reward), is_charity=is_charity(reward), open_cents=waiting) is not None
