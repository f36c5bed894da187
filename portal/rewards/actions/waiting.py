"""The waiting list: joining and leaving it, and telling people when pieces come back. Nothing is charged, nothing is held.

Whatever puts pieces on a shelf calls ``actions.returns`` in its transaction; that promises a job, and the job tells as many people as there
are pieces, in their turn.
"""

from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor, system
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.notifications.actions import notify
from portal.people.queries.persons import recipients
from portal.receiving.queries.standing import receiver_of
from portal.rewards.actions.conditions import require_conditions
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import RewardVariant
from portal.rewards.models.redeeming import Redemption
from portal.rewards.models.waiting import RewardWait, RewardWish, StockReturn
from portal.rewards.queries.catalogue import get_reward, locked_reward
from portal.rewards.queries.conditions import get_conditions
from portal.rewards.queries.variants import has_variants
from portal.rewards.queries.waiting import AT_ONCE, Shelf, count_who_know, is_on, next_in_turn, own_counts, stock_of
from portal.rewards.queries.worth import cents_of, is_charity, open_cents
from portal.rewards.rules.conditions import Sale, limit_refusal, sale_of
from portal.rewards.rules.kinds import RewardState
from portal.rewards.rules.redeeming import is_over, require_offered, require_redeemer
from portal.rewards.rules.refusals.redeeming import DateIsOver, EventIsOver, VariantGone, VariantNeeded
from portal.rewards.rules.waiting import may_be_told, require_sold_out


def join_waiting(session: Session, actor: Actor, *, reward_id: int, variant_id: int | None = None, now: datetime) -> None:
    """Put somebody on the waiting list of what is sold out. A second click is nothing.

    The shelf is locked, so that a piece comes back before this or after it, and then the list is told.
    Refuses: NotAllowed, NotFound, RewardNotOffered, VariantNeeded, VariantGone, DateIsOver, EventIsOver, what its conditions refuse, LimitReached
    (or when it counts anew), NotSoldOut, and what the person may not accept (AskedFirst, MayNotAccept, CharityOnly, ItemAboveCap, YearAboveCap).
    """
    person_id = require_redeemer(actor)
    stock = _locked_stock(session, reward_id, variant_id, now)
    reward = get_reward(session, reward_id)
    require_offered(reward.state)
    day = kind_of(reward.kind).day(reward.options)
    if day is not None and is_over(day, local_date(now, programme_zone(session))):
        raise EventIsOver(reward=reward.name, day=day)
    conditions = require_conditions(session, reward, person_id, now)
    has, today = own_counts(session, reward, [person_id], now).get(person_id, 0), local_date(now, programme_zone(session))
    if reward.limit_per_person is not None and has >= reward.limit_per_person:
        raise limit_refusal(reward.name, reward.limit_per_person, conditions, today)
    require_sold_out(stock)
    receiver = receiver_of(session, person_id, now)
    waiting = open_cents(session, person_id) if receiver.rule.year_cents is not None else 0
    if refusal := receiver.objection(cents_of(session, reward), is_charity=is_charity(reward), open_cents=waiting):
        raise refusal
    maker = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {"reward_id": reward_id, "variant_id": variant_id, "person_id": person_id, "joined_at": now, "turn_at": now}
    joined = maker.insert(RewardWait).values(**row).on_conflict_do_nothing().returning(RewardWait.id)
    if session.execute(joined).scalar() is not None:
        audit.record(session, actor, "reward.waiting_joined", "reward", reward_id, now=now, variant_id=variant_id)


def leave_waiting(session: Session, actor: Actor, *, reward_id: int, variant_id: int | None = None, now: datetime) -> None:
    """Take somebody off the waiting list. A second click is nothing. Refuses: NotAllowed."""
    person_id = require_redeemer(actor)
    gone = delete(RewardWait).where(is_on(reward_id, variant_id), RewardWait.person_id == person_id).returning(RewardWait.id)
    if session.execute(gone, execution_options={"synchronize_session": False}).first() is not None:
        audit.record(session, actor, "reward.waiting_left", "reward", reward_id, now=now, variant_id=variant_id)


def fulfil_wishes(session: Session, redemption: Redemption) -> None:
    """Take who just redeemed something off its waiting list, and it off their wishes."""
    here = or_(RewardWait.variant_id.is_(None), RewardWait.variant_id == redemption.variant_id)
    for mine in (
        delete(RewardWait).where(RewardWait.person_id == redemption.person_id, RewardWait.reward_id == redemption.reward_id, here),
        delete(RewardWish).where(RewardWish.person_id == redemption.person_id, RewardWish.reward_id == redemption.reward_id),
    ):
        session.execute(mine, execution_options={"synchronize_session": False})


def tell_some(session: Session, *, return_id: int, now: datetime) -> bool:
    """Tell the next people of pieces that came back, a hundred at most; returns whether there may be more to tell.

    Runs any number of times to one effect: what is left to be told stands in the row of the pieces. One at a time for each reward.
    """
    back = session.get(StockReturn, return_id, with_for_update=True, populate_existing=True)
    if back is None or not back.open:
        return False
    reward = locked_reward(session, back.reward_id)
    today = local_date(now, programme_zone(session))
    is_offered = reward.state == RewardState.LIVE and sale_of(get_conditions(session, reward.id), today) is Sale.ON
    stock = stock_of(session, reward, back.variant_id, today) if is_offered else 0
    shelf = Shelf(reward.id, back.variant_id)
    told = count_who_know(session, reward, shelf, since=back.made_at, stock=stock, wanted=back.open, now=now)
    wanted = may_be_told(open_pieces=back.open, stock=stock, told_since=told)
    chosen = next_in_turn(session, back, reward, min(wanted, AT_ONCE), now) if wanted else []
    variant = session.get(RewardVariant, back.variant_id) if back.variant_id else None
    data = {"reward": reward.name, "variant": variant.name if variant else "", "points": reward.price}
    reached = recipients(session, [wait.person_id for wait in chosen])
    for wait in chosen:
        wait.told_at = wait.turn_at = now
        notify(session, to=reached[wait.person_id], kind="reward_back", data=data, key=f"back:{back.id}", now=now, link=f"/rewards/{reward.id}")
    is_more = len(chosen) == AT_ONCE and wanted > AT_ONCE
    back.told, back.open = back.told + len(chosen), back.open - len(chosen) if is_more else 0
    session.flush()
    if chosen:
        audit.record(session, system(), "reward.waiting_told", "reward", reward.id, now=now, people=len(chosen))
    return is_more


def _locked_stock(session: Session, reward_id: int, variant_id: int | None, now: datetime) -> int | None:
    """Return what is left of what is waited for, and let nobody put back or take a piece until this unit of work ends."""
    if variant_id is None:
        reward = locked_reward(session, reward_id)
        if has_variants(session, reward_id):
            raise VariantNeeded()
        return reward.stock
    locked = select(RewardVariant).where(RewardVariant.id == variant_id).with_for_update(key_share=True)
    variant = session.scalar(locked.execution_options(populate_existing=True))
    if variant is None or variant.reward_id != reward_id or not variant.is_active:
        raise VariantGone()
    if is_over(variant.happens_on, local_date(now, programme_zone(session))):
        raise DateIsOver()
    return variant.stock
