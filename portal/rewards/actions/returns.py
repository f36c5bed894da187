"""Pieces that people wait for are there: the promise that they are told, made in the transaction that put the pieces there."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.notifications.actions import enqueue
from portal.rewards.models.waiting import RewardWait, StockReturn
from portal.rewards.queries.catalogue import locked_reward
from portal.rewards.queries.waiting import TELLING, somebody_waits, stock_of
from portal.rewards.rules.waiting import was_empty

TELL = "rewards.tell_waiting"


def came_back(
    session: Session, *, reward_id: int, variant_id: int | None = None, pieces: int, left: int, now: datetime, tell_at: datetime | None = None
) -> None:
    """Promise that people are told of ``pieces`` that just came onto a shelf, which makes them ``left``; nothing where nobody waits.

    ``tell_at`` keeps that back for as long as the piece may be taken again by an undo.

    Called after the shelf was changed, in the same transaction: who joins the list holds the shelf too.
    """
    if pieces > 0 and somebody_waits(session, reward_id, variant_id):
        promise(session, reward_id, variant_id, pieces=pieces, is_empty=was_empty(left=left, came=pieces), made_at=now, now=now, tell_at=tell_at)


def offered_again(session: Session, *, reward_id: int, only: int | None = None, now: datetime) -> None:
    """Promise that who waits for a reward, or for a variant of it, is told of all that is there: it is offered again, or never runs out now.

    With ``only``, who waits for that variant.
    """
    waiting = select(RewardWait.variant_id, func.count()).where(RewardWait.reward_id == reward_id).group_by(RewardWait.variant_id)
    found = session.execute(waiting if only is None else waiting.where(RewardWait.variant_id == only)).all()
    reward, today = locked_reward(session, reward_id), local_date(now, programme_zone(session))
    for variant_id, people in found:
        stock = stock_of(session, reward, variant_id, today)
        if pieces := people if stock is None else stock:
            promise(session, reward_id, variant_id, pieces=pieces, is_empty=True, made_at=now, now=now)


def forget_told(session: Session, *, reward_id: int) -> None:
    """Let nobody who waits count as told: the sale is put off, and what is there on its day is news to all. The reward is locked."""
    session.execute(update(RewardWait).where(RewardWait.reward_id == reward_id, RewardWait.told_at.is_not(None)).values(told_at=None))


def promise(
    session: Session,
    reward_id: int,
    variant_id: int | None,
    *,
    pieces: int,
    is_empty: bool,
    made_at: datetime,
    now: datetime,
    tell_at: datetime | None = None,
) -> None:
    """Promise that people are told of ``pieces`` that are there since ``made_at``: who was told since then knows of them."""
    row = StockReturn(reward_id=reward_id, variant_id=variant_id, pieces=pieces, open=pieces, told=0, was_empty=is_empty, made_at=made_at)
    session.add(row)
    session.flush()
    enqueue(session, topic=TELL, payload={"return_id": row.id}, key=f"{TELLING}{row.id}", now=now, available_at=tell_at)
