"""Undoing within the minute what was decided on a correction or a dispute, by whoever decided.

What was booked is reversed by the ledger, and never edited. A correction is locked before the dispute that it puts right.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.bank.actions.adjusting import locked, undo_adjustment
from portal.bank.actions.deciding import told_key as correction_key
from portal.bank.actions.deciding import withdraw_adjustment
from portal.bank.actions.disputing import locked_dispute
from portal.bank.actions.limits import count_in_month
from portal.bank.actions.settling import told_key as answer_key
from portal.bank.actions.settling import wait_again
from portal.bank.models import Adjustment, Dispute
from portal.bank.rules.adjusting import COMMAND_LINE, KIND, REASON_UNDONE, NotWaitingAnyMore, State, TwoDecided, require_second
from portal.bank.rules.disputes import KIND as DISPUTE
from portal.bank.rules.disputes import DisputeState
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed
from portal.people.queries.persons import get_person, recipient
from portal.recognition.actions.scores import reverse
from portal.review.actions.undoing import take_decision, tell_recalled
from portal.review.models import ReviewDecision
from portal.review.rules.refusals import NothingToUndo


def undo_correction(session: Session, actor: Actor, *, decision_id: int, now: datetime) -> Adjustment:
    """Let a correction wait for a second admin again, as before the actor's own decision of the last minute.

    An approval is reversed: what was spent meanwhile is owed. A decline counts against the asker's month once more. Refuses:
    NotYourVerdict, UndoTooLate, NothingToUndo, as ``approve_adjustment`` who may not decide, and MonthlyLimitReached where the
    asker has used up the month by now.
    """
    kept = take_decision(session, actor, kind=KIND, decision_id=decision_id, now=now)
    row = locked(session, kept.item_id)
    require_second(actor, person_id=row.person_id, asked_by_id=row.asked_by_id)
    stood = State.BOOKED if kept.verdict == "approve" else State.DECLINED
    if row.state != stood or (row.decided_by_id, row.settled_at) != (actor.id, kept.at):
        raise NothingToUndo()
    told, transfer_id = correction_key(row), row.transfer_id
    row.state, row.words, row.decided_by_id, row.settled_at, row.transfer_id = State.WAITING, "", None, None, None
    session.flush()
    if transfer_id is not None:
        was_said = _unsettle(session, actor, kept, row.id, now)
        _take_back(session, actor, kept, row, transfer_id, now, says_itself=not was_said)
    else:
        count_in_month(session, admin_id=row.asked_by_id or COMMAND_LINE, month=row.month, points=row.points)
        _right_again(session, actor, kept, now)
    facts = {"points": row.points, "category": row.category, "person_id": row.person_id, "verdict": kept.verdict}
    audit.record(session, actor, "adjustment.recalled", KIND, row.id, now=now, **facts)
    if row.asked_by_id is not None:
        data = {"person": get_person(session, row.person_id).name, "points": row.points}
        to, link = recipient(session, row.asked_by_id), f"/admin/corrections?state={row.state}"
        tell_recalled(session, kept, to=to, told=told, kind="adjustment_recalled", data=data, link=link, now=now)
    return row


def undo_answer(session: Session, actor: Actor, *, decision_id: int, now: datetime) -> Dispute:
    """Let a dispute wait for an answer again, as before the actor's own answer of the last minute.

    A correction that was to put it right is withdrawn where it waits, and taken back where it was booked at once. Refuses:
    NotYourVerdict, UndoTooLate, NotAllowed, and NothingToUndo, also once a second admin decided the correction.
    """
    kept = take_decision(session, actor, kind=DISPUTE, decision_id=decision_id, now=now)
    if not actor.is_admin:
        raise NotAllowed()
    if kept.verdict == "right":
        _undo_righting(session, actor, kept, now)
    made = locked_dispute(session, kept.item_id)
    told, points = answer_key(made), made.points if kept.verdict == "right" else None
    if made.state != DisputeState.WAITING:
        stood = DisputeState.STANDS if kept.verdict == "stand" else DisputeState.RIGHTED
        if made.state != stood or (made.answered_by_id, made.settled_at) != (actor.id, kept.at):
            raise NothingToUndo()
        _wait_again(session, made)
    elif kept.verdict == "stand":
        raise NothingToUndo()
    facts = {"person_id": made.person_id, "transfer_id": made.transfer_id, "verdict": kept.verdict}
    audit.record(session, actor, "dispute.recalled", DISPUTE, made.id, now=now, **facts)
    if not kept.before.get("waits"):
        to = recipient(session, made.person_id)
        data = {"words": made.words, "points": points}
        tell_recalled(session, kept, to=to, told=told, kind="dispute_recalled", data=data, link="/statement", now=now)
    return made


def _take_back(session: Session, actor: Actor, kept: ReviewDecision, row: Adjustment, transfer_id: int, now: datetime, *, says_itself: bool) -> None:
    key = f"adjustment:{row.id}:recalled:{transfer_id}"
    reverse(session, actor, transfer_id=transfer_id, key=key, reason=REASON_UNDONE, now=now)
    if says_itself:
        to, data, told = recipient(session, row.person_id), {"points": -row.points}, f"transfer:{transfer_id}"
        tell_recalled(session, kept, to=to, told=told, kind="adjustment_undone", data=data, link="/statement", now=now, mail=row.is_told)


def _unsettle(session: Session, actor: Actor, kept: ReviewDecision, adjustment_id: int, now: datetime) -> bool:
    """Let the dispute that the approval settled wait for its correction again, and tell whether there was one: its member is told then."""
    asked = select(Dispute).where(Dispute.adjustment_id == adjustment_id, Dispute.state == DisputeState.RIGHTED)
    made = session.scalar(asked.with_for_update().execution_options(populate_existing=True))
    if made is None:
        return False
    told, data = answer_key(made), {"words": made.words, "points": made.points}
    made.state, made.settled_at = DisputeState.CORRECTING, None
    _flush_open(session)
    audit.record(session, actor, "dispute.recalled", DISPUTE, made.id, now=now, person_id=made.person_id, transfer_id=made.transfer_id)
    to = recipient(session, made.person_id)
    tell_recalled(session, kept, to=to, told=told, kind="dispute_recalled", data=data, link="/statement", now=now)
    return True


def _right_again(session: Session, actor: Actor, kept: ReviewDecision, now: datetime) -> None:
    """Let the dispute that the decline sent back for an answer wait for its correction again. Refuses where it was answered meanwhile."""
    if "dispute" not in kept.before:
        return
    made = locked_dispute(session, kept.before["dispute"])
    if made.state != DisputeState.WAITING:
        raise NothingToUndo()
    for name, value in kept.before["righting"].items():
        setattr(made, name, value)
    made.state = DisputeState.CORRECTING
    session.flush()
    audit.record(session, actor, "dispute.recalled", DISPUTE, made.id, now=now, person_id=made.person_id, transfer_id=made.transfer_id)


def _undo_righting(session: Session, actor: Actor, kept: ReviewDecision, now: datetime) -> None:
    """Withdraw the correction that waits, with which the dispute waits for an answer, or take back what was booked at once.

    Refuses: NothingToUndo, also where the dispute was put right by another correction since.
    """
    adjustment_id = kept.before["adjustment_id"]
    if session.scalar(select(Dispute.adjustment_id).where(Dispute.id == kept.item_id)) != adjustment_id:
        raise NothingToUndo()
    try:
        if kept.before["waits"]:
            withdraw_adjustment(session, actor, adjustment_id=adjustment_id, now=now)
        else:
            undo_adjustment(session, actor, adjustment_id=adjustment_id, reason="", now=now, says_itself=False)
    except (NotWaitingAnyMore, TwoDecided) as refusal:
        raise NothingToUndo() from refusal


def _wait_again(session: Session, made: Dispute) -> None:
    """Let a dispute wait again. Refuses where the member disputes the line anew by now."""
    try:
        with session.begin_nested():
            wait_again(session, made)
    except IntegrityError as error:
        _tell_open(error)


def _flush_open(session: Session) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        _tell_open(error)


def _tell_open(error: IntegrityError) -> None:
    if violated(error, "dispute", "transfer_id", name="uq_dispute_open"):
        raise NothingToUndo() from error
    raise error
