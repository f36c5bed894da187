"""What admins decide: approve, decline, fulfil, take back. Nobody decides on their own."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.ledger.actions.holding import capture
from portal.recognition.actions.scores import reverse
from portal.review.actions.pairs import look
from portal.review.queries.terms import terms_of
from portal.review.rules.refusals import SecondApproverNeeded
from portal.rewards.actions.moving import give_back, move, put_back, tell_person
from portal.rewards.models import Redemption
from portal.rewards.queries.redemptions import get_redemption
from portal.rewards.rules.redeeming import require_decider, require_reason
from portal.rewards.rules.states import State


def approve_redemption(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> Redemption:
    """Say yes: it is to be fulfilled; until then the person may still call it off.

    Refuses: NotAllowed, OwnRedemption, AlreadyHandled, and the first approval where two are needed (SecondApproverNeeded).
    """
    redemption = give_approval(session, actor, redemption_id=redemption_id, now=now)
    if redemption is None:
        raise SecondApproverNeeded(limit=terms_of(session).four_eyes_above)
    return redemption


def give_approval(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> Redemption | None:
    """Say yes as ``approve_redemption`` does; where two people are needed, the first one's approval is kept and None returned."""
    asked = get_redemption(session, redemption_id, is_fresh=True)
    require_decider(actor, asked.person_id)
    if asked.state == State.REQUESTED:
        about = {"kind": "redemption", "item_id": redemption_id, "points": asked.price, "member_id": asked.person_id}
        eyes = look(session, actor, **about, note="", subject=("redemption", redemption_id), now=now)  # type: ignore[arg-type]
        if not eyes.is_complete:
            return None
    redemption, is_new = move(session, actor, redemption_id, State.APPROVED, now=now, approved_by=actor.id, approved_at=now)
    if is_new:
        _tell(session, actor, redemption, now)
    return redemption


def decline_redemption(session: Session, actor: Actor, *, redemption_id: int, reason: str, now: datetime) -> Redemption:
    """Say no before fulfilment: stock and points come back, the person reads the reason.

    Refuses: NotAllowed, OwnRedemption, ReasonNeeded, AlreadyHandled.
    """
    require_decider(actor, get_redemption(session, redemption_id).person_id)
    said = require_reason(reason)
    redemption, is_new = move(session, actor, redemption_id, State.DECLINED, now=now, released_by=actor.id, released_at=now, reason=said)
    if is_new:
        give_back(session, actor, redemption, now=now)
        _tell(session, actor, redemption, now)
    return redemption


def fulfil_redemption(session: Session, actor: Actor, *, redemption_id: int, now: datetime, delivery: str = "") -> Redemption:
    """Hand the reward over: the held points are spent. ``delivery`` tells the person how it reaches them.

    Refuses: NotAllowed, OwnRedemption, AlreadyHandled.
    """
    require_decider(actor, get_redemption(session, redemption_id).person_id)
    redemption, is_new = move(session, actor, redemption_id, State.FULFILLED, now=now, fulfilled_by=actor.id, fulfilled_at=now, delivery=delivery)
    if is_new:
        assert redemption.hold_id is not None
        key = f"redemption:{redemption.id}:capture"
        redemption.capture_id = capture(session, actor, hold_id=redemption.hold_id, key=key, reason="reward.fulfilled", now=now).id
        session.flush()
        _tell(session, actor, redemption, now)
    return redemption


def return_redemption(session: Session, actor: Actor, *, redemption_id: int, reason: str, now: datetime) -> Redemption:
    """Take a fulfilled reward back: the spent points are available again, the piece is on the shelf.

    Refuses: NotAllowed, OwnRedemption, ReasonNeeded, AlreadyHandled.
    """
    require_decider(actor, get_redemption(session, redemption_id).person_id)
    said = require_reason(reason)
    redemption, is_new = move(session, actor, redemption_id, State.RETURNED, now=now, released_by=actor.id, released_at=now, reason=said)
    if is_new:
        put_back(session, redemption)
        assert redemption.capture_id is not None
        key = f"redemption:{redemption.id}:return"
        reverse(session, actor, transfer_id=redemption.capture_id, key=key, reason="reward.returned", now=now)
        _tell(session, actor, redemption, now)
    return redemption


def _tell(session: Session, actor: Actor, redemption: Redemption, now: datetime) -> None:
    """Record the decision and tell the person."""
    about = {name: value for name, value in (("reason", redemption.reason), ("delivery", redemption.delivery)) if value}
    audit.record(session, actor, f"redemption.{redemption.state}", "redemption", redemption.id, now=now, **about)
    tell_person(session, redemption, f"redemption_{redemption.state}", now)
