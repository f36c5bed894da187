"""The waiting list: who waits for what, whose turn it is, and somebody's own place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from portal.audience.queries.reach import admitted_of
from portal.ledger.queries.balances import balances_of
from portal.notifications.models import OutboxJob
from portal.people.models import Company, Person
from portal.people.rules.person import PersonState
from portal.receiving.queries.standing import receivers_of
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.models.redeeming import Redemption
from portal.rewards.models.waiting import RewardWait, StockReturn
from portal.rewards.queries.conditions import COUNTS_NOW, IS_ON_SALE, audience_of, get_conditions, values_at
from portal.rewards.queries.worth import cents_of, is_charity, open_cents_of
from portal.rewards.rules.conditions import Buyer, own_objection
from portal.rewards.rules.kinds import UNIT, RewardState
from portal.rewards.rules.redeeming import is_over
from portal.web.paging import Page, page_by

TELLING = "stock-return:"
"""What the key of a job that tells of a return begins with; its number follows."""
AT_ONCE = 100
_Before = aliased(RewardWait)
_SAME_SHELF = and_(
    _Before.reward_id == RewardWait.reward_id,
    or_(_Before.variant_id == RewardWait.variant_id, and_(_Before.variant_id.is_(None), RewardWait.variant_id.is_(None))),
    exists().where(Person.id == _Before.person_id, Person.state == PersonState.ACTIVE),
)
_ALL = select(func.count()).select_from(_Before).where(_SAME_SHELF).correlate(RewardWait).scalar_subquery()
_NOT_AFTER = or_(_Before.turn_at < RewardWait.turn_at, and_(_Before.turn_at == RewardWait.turn_at, _Before.id <= RewardWait.id))
_PLACE = select(func.count()).select_from(_Before).where(_SAME_SHELF, _NOT_AFTER).correlate(RewardWait).scalar_subquery()
_TURN = ((RewardWait.turn_at, False), (RewardWait.id, False))


@dataclass(frozen=True)
class Waits:
    """One person's wait: their ``place`` among ``of`` people who wait for the same."""

    wait: RewardWait
    place: int
    of: int


@dataclass(frozen=True)
class Awaited:
    """What can be waited for: a reward, or one ``variant`` of it. ``waits`` where the reader is on the list."""

    variant: RewardVariant | None
    waits: Waits | None


@dataclass(frozen=True)
class Shelf:
    """What pieces stand on: a reward, or one variant of it."""

    reward_id: int
    variant_id: int | None = None


def is_on(reward_id: int, variant_id: int | None) -> ColumnElement[bool]:
    """Return the condition that somebody waits for this reward, or this variant of it."""
    here = RewardWait.variant_id.is_(None) if variant_id is None else RewardWait.variant_id == variant_id
    return and_(RewardWait.reward_id == reward_id, here)


def somebody_waits(session: Session, reward_id: int, variant_id: int | None) -> bool:
    """Tell whether anybody waits for it."""
    return session.scalar(select(RewardWait.id).where(is_on(reward_id, variant_id)).limit(1)) is not None


def awaited_for(session: Session, person_id: int, reward: Reward, left: int | None, variants: Sequence[RewardVariant]) -> list[Awaited]:
    """Return what the person can wait for of a reward of which ``left`` are left, with their place where they do, in one statement."""
    found = session.execute(select(RewardWait, _PLACE, _ALL).where(RewardWait.reward_id == reward.id, RewardWait.person_id == person_id))
    own = {wait.variant_id: Waits(wait, place, of) for wait, place, of in found}
    if variants:
        return [Awaited(variant, own.get(variant.id)) for variant in variants if variant.stock == 0]
    return [Awaited(None, own.get(None))] if left == 0 else []


def own_waits(session: Session, person_id: int, *, after: str | None = None) -> Page:
    """Return a page of what somebody waits for, newest first: rows (wait, reward, variant or None, place, of)."""
    statement = (
        select(RewardWait, Reward, RewardVariant, _PLACE.label("place"), _ALL.label("of"))
        .join(Reward, Reward.id == RewardWait.reward_id)
        .outerjoin(RewardVariant, RewardVariant.id == RewardWait.variant_id)
        .where(RewardWait.person_id == person_id)
    )
    return page_by(session, statement, ((RewardWait.id, True),), after=after, size=24)


def count_own_waits(session: Session, person_id: int) -> int:
    """Return for how many things somebody waits."""
    return session.scalar(select(func.count()).select_from(RewardWait).where(RewardWait.person_id == person_id)) or 0


def list_waiting(session: Session, reward_id: int, *, after: str | None = None, size: int = 50) -> Page:
    """Return a page of who waits for a reward, in the order of their turn, for admins: rows (wait, person, company, variant)."""
    return page_by(session, _listed(reward_id), _TURN, after=after, size=size)


def iter_waiting(session: Session, reward_id: int) -> Any:
    """Yield every row of ``list_waiting``."""
    yield from session.execute(_listed(reward_id).order_by(RewardWait.turn_at, RewardWait.id), execution_options={"yield_per": 1000})


def count_waiting(session: Session, reward_id: int) -> int:
    """Return how many wait for a reward, or for one of its variants."""
    active = exists().where(Person.id == RewardWait.person_id, Person.state == PersonState.ACTIVE)
    return session.scalar(select(func.count()).select_from(RewardWait).where(RewardWait.reward_id == reward_id, active)) or 0


def shelves_with_some(session: Session, today: date, *, after: Shelf, limit: int) -> list[Shelf]:
    """Return the next shelves of what is on sale ``today`` and there, while somebody waits for it."""
    variant = func.coalesce(RewardWait.variant_id, 0)
    left = func.coalesce(RewardVariant.stock, 1) > 0
    there = or_(and_(RewardWait.variant_id.is_(None), func.coalesce(Reward.stock, 1) > 0), and_(RewardVariant.is_active, left))
    found = (
        select(RewardWait.reward_id, variant.label("variant"))
        .join(Reward, Reward.id == RewardWait.reward_id)
        .outerjoin(RewardVariant, RewardVariant.id == RewardWait.variant_id)
        .where(Reward.state == RewardState.LIVE, IS_ON_SALE, there, tuple_(RewardWait.reward_id, variant) > (after.reward_id, after.variant_id or 0))
        .group_by(RewardWait.reward_id, variant)
        .order_by(RewardWait.reward_id, variant)
        .limit(limit)
    )
    return [Shelf(row.reward_id, row.variant or None) for row in session.execute(found, {"today": today})]


def is_being_told(session: Session, shelf: Shelf) -> bool:
    """Tell whether a telling of this shelf is under way. One whose job was given up is none: nobody may ever send it again."""
    is_given_up = exists().where(OutboxJob.key == literal(TELLING) + cast(StockReturn.id, String), OutboxJob.dead_at.is_not(None))
    return session.scalar(select(StockReturn.id).where(_returned_to(shelf), StockReturn.open > 0, ~is_given_up).limit(1)) is not None


def emptied_at(session: Session, shelf: Shelf) -> datetime | None:
    """Return when pieces came onto the shelf last while it was empty, as far as people waited for them."""
    return session.scalar(select(func.max(StockReturn.made_at)).where(_returned_to(shelf), StockReturn.was_empty))


def count_who_know(session: Session, reward: Reward, shelf: Shelf, *, since: datetime | None, stock: int | None, wanted: int, now: datetime) -> int:
    """Return how many who still wait were told since then, or ever, and may have it now, as whoever is told of it; as many as matter.

    Who was told and may have it no more keeps no piece from the others. Where there are ``wanted`` pieces beside all who were told, nobody is
    looked at one by one.
    """
    if not stock:
        return 0
    told = _may_hear(shelf, RewardWait.told_at.is_not(None) if since is None else RewardWait.told_at >= since)
    count = _count(session, told)
    return count if stock - count >= wanted else len(_in_turn(session, told, reward, stock, now))


def count_untold(session: Session, shelf: Shelf, since: datetime | None) -> int:
    """Return how many advocates who wait and take part were not told since then, or never."""
    never = RewardWait.told_at.is_(None)
    return _count(session, _may_hear(shelf, never if since is None else or_(never, RewardWait.told_at < since)))


def _count(session: Session, waits: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(waits.subquery())) or 0


def _may_hear(shelf: Shelf, told: ColumnElement[bool]) -> Select[Any]:
    waits = select(RewardWait).join(Person, Person.id == RewardWait.person_id).where(is_on(shelf.reward_id, shelf.variant_id), told)
    return waits.where(Person.state == PersonState.ACTIVE, Person.is_advocate)


def _returned_to(shelf: Shelf) -> ColumnElement[bool]:
    here = StockReturn.variant_id.is_(None) if shelf.variant_id is None else StockReturn.variant_id == shelf.variant_id
    return and_(StockReturn.reward_id == shelf.reward_id, here)


def stock_of(session: Session, reward: Reward, variant_id: int | None, today: date) -> int | None:
    """Return how many can be had on ``today`` of what is waited for: none of what is not offered or over, None without end."""
    if is_over(kind_of(reward.kind).day(reward.options), today):
        return 0
    if variant_id is None:
        return reward.stock
    variant = session.get(RewardVariant, variant_id, populate_existing=True)
    if variant is None or not variant.is_active or is_over(variant.happens_on, today):
        return 0
    return variant.stock


def next_in_turn(session: Session, back: StockReturn, reward: Reward, most: int, now: datetime, *, is_looking: bool = False) -> list[RewardWait]:
    """Return at most ``most`` people to be told of pieces that came back, in their turn; their places are locked, unless it ``is_looking`` only.

    Left out: who may not receive it or whom its conditions refuse, who has as many as one person may have, who is shut out, and who was
    told already: since the pieces came or, where the shelf was not empty before, ever.
    """
    told: ColumnElement[bool] = RewardWait.told_at.is_(None)
    if back.was_empty:
        told = or_(told, RewardWait.told_at < back.made_at)
    statement = _may_hear(Shelf(reward.id, back.variant_id), told)
    return _in_turn(session, statement if is_looking else statement.with_for_update(of=RewardWait), reward, most, now)


def _in_turn(session: Session, statement: Select[Any], reward: Reward, most: int, now: datetime) -> list[RewardWait]:
    chosen: list[RewardWait] = []
    after: str | None = None
    while len(chosen) < most:
        page = page_by(session, statement, _TURN, after=after, size=AT_ONCE)
        chosen += _may_have(session, page.rows, reward, now)
        after = page.next
        if after is None:
            break
    return chosen[:most]


def _may_have(session: Session, waiting: Sequence[RewardWait], reward: Reward, now: datetime) -> list[RewardWait]:
    people = [wait.person_id for wait in waiting]
    receivers, has = receivers_of(session, people, now), own_counts(session, reward, people, now)
    cents, is_gift, conditions = cents_of(session, reward), is_charity(reward), get_conditions(session, reward.id)
    earned = balances_of(session, people, unit=UNIT) if conditions.need is not None else {}
    asked = open_cents_of(session, [person for person in people if receivers[person].rule.year_cents is not None])
    meant, ships = admitted_of(session, people, audience_of(session, reward.id), now), kind_of(reward.kind).needs_address

    def may(wait: RewardWait) -> bool:
        if reward.limit_per_person is not None and has.get(wait.person_id, 0) >= reward.limit_per_person:
            return False
        receiver, balance = receivers[wait.person_id], earned.get(wait.person_id)
        buyer = Buyer(balance.lifetime if balance is not None else 0, receiver.country)
        if own_objection(reward.name, conditions, buyer, ships=ships) or wait.person_id not in meant:
            return False
        return receiver.objection(cents, is_charity=is_gift, open_cents=asked.get(wait.person_id, 0)) is None

    return [wait for wait in waiting if may(wait)]


def own_counts(session: Session, reward: Reward, people: Sequence[int], now: datetime) -> dict[int, int]:
    """Return how many of the reward each of ``people`` has that count against its limit now; nothing is asked where there is no limit."""
    if reward.limit_per_person is None:
        return {}
    own = select(Redemption.person_id, func.count()).where(Redemption.reward_id == reward.id, Redemption.person_id.in_(people))
    own = own.where(Redemption.released_at.is_(None), COUNTS_NOW).group_by(Redemption.person_id)
    return dict(session.execute(own, values_at(session, now)).all())


def _listed(reward_id: int) -> Any:
    return (
        select(RewardWait, Person, Company.name.label("company"), RewardVariant.name.label("variant"))
        .join(Person, Person.id == RewardWait.person_id)
        .outerjoin(Company, Company.id == Person.company_id)
        .outerjoin(RewardVariant, RewardVariant.id == RewardWait.variant_id)
        .where(RewardWait.reward_id == reward_id, Person.state == PersonState.ACTIVE)
    )
