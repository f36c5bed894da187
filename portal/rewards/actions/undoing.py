"""Undoing within the minute what was decided on a redemption, by whoever decided.

An approval waits again while nothing was ordered, sent or called off since. A decline takes the piece, the code and the points once
more, if they are still there. Whatever happened since wins: the redemption's own row is moved by a guard.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.ledger.actions.holding import hold
from portal.ledger.rules import BalanceTooLow
from portal.notifications.actions import withdraw_mail
from portal.people.queries.persons import names, recipient
from portal.review.actions.undoing import take_decision, tell_recalled
from portal.review.models import ReviewDecision
from portal.review.rules.refusals import NothingToUndo
from portal.rewards.actions.codes import set_aside
from portal.rewards.actions.moving import as_it_stands, stopped_key, told_key
from portal.rewards.actions.spares import require_same_card
from portal.rewards.actions.taking import take_again
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.redemptions import concerned, get_redemption
from portal.rewards.queries.review import KIND
from portal.rewards.rules.redeeming import require_decider
from portal.rewards.rules.refusals.redeeming import OutOfStock
from portal.rewards.rules.states import State
from portal.rewards.rules.undoing import FINAL, AskedForAgain, PieceGone, PointsGone


def undo_decision(session: Session, actor: Actor, *, decision_id: int, now: datetime) -> Redemption:
    """Let a redemption stand as before the actor's own decision of the last minute.

    Refuses: NotYourVerdict, UndoTooLate, NothingToUndo; what went with the approval (HandedOverWithIt, OrderedWithIt); what was done to it
    since (AlreadyHandled); and of a decline what is there no more (PieceGone, CardChanged, PointsGone, AskedForAgain).
    """
    kept = take_decision(session, actor, kind=KIND, decision_id=decision_id, now=now, stays=FINAL)
    before = get_redemption(session, kept.item_id, is_fresh=True)
    require_decider(actor, before.person_id)
    told, stopped = told_key(before), stopped_key(before)
    redemption = _approval(session, kept) if kept.verdict == "approve" else _decline(session, actor, kept, now)
    audit.record(session, actor, "redemption.recalled", KIND, redemption.id, now=now, verdict=kept.verdict)
    to, link = recipient(session, redemption.person_id), f"/rewards/redemptions/{redemption.id}"
    withdraw_mail(session, to=to, key=stopped, now=now)
    data = {"reward": get_reward(session, redemption.reward_id).name, "points": redemption.price}
    tell_recalled(session, kept, to=to, told=told, kind="redemption_recalled", data=data, link=link, now=now)
    return redemption


def _approval(session: Session, kept: ReviewDecision) -> Redemption:
    """Take an approval back. The first of two approvals stands."""
    untouched = (Redemption.approved_by == kept.decided_by_id, Redemption.approved_at == kept.at, Redemption.failed_at.is_(None))
    waits = {"state": State.REQUESTED.value, "approved_by": None, "approved_at": None}
    return _moved(session, kept, State.APPROVED, untouched, waits)


def _decline(session: Session, actor: Actor, kept: ReviewDecision, now: datetime) -> Redemption:
    untouched = (Redemption.released_by == kept.decided_by_id, Redemption.released_at == kept.at)
    stood = case((Redemption.approved_at.is_not(None), State.APPROVED.value), else_=State.REQUESTED.value)
    values = {"state": stood, "released_by": None, "released_at": None, "reason": ""}
    try:
        with session.begin_nested():
            redemption = _moved(session, kept, State.DECLINED, untouched, values)
    except IntegrityError as error:
        if violated(error, "redemption", "reward_id", "person_id", "period_key", "slot", name="uq_redemption_slot"):
            raise AskedForAgain() from error
        raise
    reward = get_reward(session, redemption.reward_id)
    require_same_card(session, reward, redemption)
    redemption.has_stock = take_again(session, actor.id, redemption, now)
    try:
        set_aside(session, reward, redemption, now)
    except OutOfStock as refusal:
        raise PieceGone() from refusal
    redemption.hold_id = _hold_anew(session, actor, redemption, now)
    session.flush()
    return redemption


def _moved(
    session: Session, kept: ReviewDecision, come_from: State, untouched: tuple[ColumnElement[bool], ...], values: dict[str, Any]
) -> Redemption:
    own = update(Redemption).where(Redemption.id == kept.item_id, Redemption.state == come_from.value, *untouched)
    moved = session.execute(own.values(**values).execution_options(synchronize_session=False))
    redemption = get_redemption(session, kept.item_id, is_fresh=True)
    if not moved.rowcount:  # type: ignore[attr-defined]
        if redemption.state in (come_from, State.REQUESTED):
            raise NothingToUndo()
        raise as_it_stands(redemption, get_reward(session, redemption.reward_id).name, names(session, concerned([redemption])))
    return redemption


def _hold_anew(session: Session, actor: Actor, redemption: Redemption, now: datetime) -> int:
    """Hold the price once more. The hold that the decline released is settled for ever, so that its id makes the new key."""
    facts: dict[str, Any] = {"owner_id": redemption.person_id, "points": redemption.price, "source_type": KIND, "source_id": redemption.id}
    key = f"redemption:{redemption.id}:hold:{redemption.hold_id}"
    try:
        return hold(session, actor, **facts, key=key, reason="reward.redeemed", now=now).id
    except BalanceTooLow as refusal:
        raise PointsGone(**refusal.facts) from refusal
