"""What is decided about a redemption: approve, decline. Nobody decides on their own."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.errors import Sentences
from portal.review.actions.pairs import look
from portal.review.actions.undoing import keep_decision
from portal.review.queries.terms import terms_of
from portal.review.rules.refusals import SecondApproverNeeded
from portal.rewards.actions.fulfilling import hand_over_at_once
from portal.rewards.actions.moving import give_back, move, record_and_tell, tell_stopped
from portal.rewards.actions.worth import require_rested
from portal.rewards.models.redeeming import Redemption, RedemptionPause
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.redemptions import get_redemption
from portal.rewards.queries.review import KIND
from portal.rewards.queries.signs import reviewers_named
from portal.rewards.queries.worth import looked_at, stop_of
from portal.rewards.rules.auto import AGAINST_NAMES
from portal.rewards.rules.redeeming import require_decider, require_reason
from portal.rewards.rules.refusals.deciding import NamedInSign, ReadFirst
from portal.rewards.rules.states import Move, State


def approve_redemption(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> Redemption:
    """Say yes: it is to be ordered or sent; until then the person may still call it off. What is given at once is theirs with it.

    Refuses: NotAllowed, OwnRedemption, AlreadyHandled, RestingAfterChange, NamedInSign,
    and the first approval where two are needed (SecondApproverNeeded).
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
        require_rested(session, redemption_id, now)
        if actor.id in reviewers_named(session, asked.person_id):
            raise NamedInSign()
        about = {"kind": "redemption", "item_id": redemption_id, "points": asked.price, "member_id": asked.person_id}
        eyes = look(session, actor, **about, note="", subject=("redemption", redemption_id), now=now)  # type: ignore[arg-type]
        if not eyes.is_complete:
            return None
    redemption, is_new = move(session, actor, redemption_id, Move.APPROVE, now=now)
    if not is_new:
        return redemption
    _leave_to_people(session, redemption_id)
    decided: dict[str, Any] = {"kind": KIND, "item_id": redemption_id, "verdict": "approve", "now": now}
    if hand_over_at_once(session, actor, redemption, now):
        keep_decision(session, actor, **decided, final="ordered" if redemption.state == State.ORDERED else "sent")
        return redemption
    mail_at = keep_decision(session, actor, **decided)
    record_and_tell(session, actor, redemption, now, mail_at=mail_at)
    if stop_of(session, redemption, get_reward(session, redemption.reward_id), now):
        tell_stopped(session, redemption, now, mail_at=mail_at)
    return redemption


def approve_among_many(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> Redemption | None:
    """Say yes as ``give_approval`` does to one of many that nobody opens. Refuses besides: ReadFirst, where something speaks for opening it."""
    asked = get_redemption(session, redemption_id, is_fresh=True)
    require_decider(actor, asked.person_id)
    if asked.state == State.REQUESTED and (reasons := looked_at(session, asked, get_reward(session, asked.reward_id), now).to_be_read):
        raise ReadFirst(why=Sentences(AGAINST_NAMES[reason] for reason in reasons))
    return give_approval(session, actor, redemption_id=redemption_id, now=now)


def decline_redemption(session: Session, actor: Actor, *, redemption_id: int, reason: str, now: datetime) -> Redemption:
    """Say no before it is ordered: stock and points come back, the person reads the reason.

    Refuses: NotAllowed, OwnRedemption, ReasonNeeded, AlreadyHandled.
    """
    require_decider(actor, get_redemption(session, redemption_id).person_id)
    said = require_reason(reason)
    redemption, is_new = move(session, actor, redemption_id, Move.DECLINE, now=now, reason=said)
    if is_new:
        _leave_to_people(session, redemption_id)
        mail_at = keep_decision(session, actor, kind=KIND, item_id=redemption_id, verdict="decline", now=now)
        give_back(session, actor, redemption, now=now, tell_at=mail_at)
        record_and_tell(session, actor, redemption, now, mail_at=mail_at)
    return redemption


def _leave_to_people(session: Session, redemption_id: int) -> None:
    """Let the rule look at it no more: somebody decided, and what they undo waits for people."""
    session.execute(delete(RedemptionPause).where(RedemptionPause.redemption_id == redemption_id).execution_options(synchronize_session=False))
