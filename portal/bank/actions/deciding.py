"""The second pair of eyes: a correction that waits is booked or declined by another admin, or withdrawn by who asked. It never runs out by itself."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.bank.actions.adjusting import book, free, locked
from portal.bank.actions.settling import follow_correction
from portal.bank.models import Adjustment, Dispute
from portal.bank.rules.adjusting import (
    KIND,
    REASON_LENGTH,
    DecisionMissing,
    NotWaitingAnyMore,
    NotYourRequest,
    State,
    require_second,
)
from portal.bank.rules.disputes import DisputeState
from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.kernel.errors import NotAllowed
from portal.kernel.text import clean
from portal.notifications.actions import notify
from portal.people.queries.persons import get_person, recipient
from portal.review.actions.standing import require_apart
from portal.review.actions.undoing import keep_decision


def approve_adjustment(session: Session, actor: Actor, *, adjustment_id: int, most_owed: int = 0, now: datetime) -> Adjustment:
    """Book a correction that waits; whoever asked is told, and the person now learns of it.

    Refuses who is no admin, the person (``OwnBalance``), who asked (``AskedYourself``), who is an admin since a moment ago or by the other of the two
    (as ``require_apart``), and what does not wait (``NotWaitingAnyMore``).
    And ``WouldOwe`` where the person would by now owe more than before and more than ``most_owed``, what was shown to who approves.
    """
    row = _waiting(session, actor, adjustment_id)
    require_apart(session, kind=KIND, first_id=row.asked_by_id, second_id=actor.id, now=now)
    row.decided_by_id = actor.id
    mail_at = keep_decision(session, actor, kind=KIND, item_id=row.id, verdict="approve", now=now)
    key, says_itself = f"adjustment:{row.id}:decided:{micros(now)}", not _righting(session, row.id)
    book(session, actor, row, most_owed=most_owed, now=now, key=key, mail_at=mail_at, says_itself=says_itself)
    follow_correction(session, actor, row, now, mail_at)
    _tell_asker(session, row, "adjustment_approved", "", now, mail_at)
    return row


def decline_adjustment(session: Session, actor: Actor, *, adjustment_id: int, reason: str, now: datetime) -> Adjustment:
    """Decline a correction that waits, with a reason for whoever asked; the person never hears of it.

    Refuses as ``approve_adjustment``, but a new admin may decline, and no reason (``DecisionMissing``).
    """
    row = _waiting(session, actor, adjustment_id)
    said = clean(reason).strip()[:REASON_LENGTH]
    if not said:
        raise DecisionMissing()
    row.state, row.decided_by_id, row.settled_at, row.words = State.DECLINED, actor.id, now, said
    session.flush()
    free(session, row)
    facts = {"points": row.points, "category": row.category, "reason": said, "person_id": row.person_id}
    audit.record(session, actor, "adjustment.declined", KIND, row.id, now=now, **facts)
    mail_at = keep_decision(session, actor, kind=KIND, item_id=row.id, verdict="decline", before=_righting(session, row.id), now=now)
    follow_correction(session, actor, row, now)
    _tell_asker(session, row, "adjustment_declined", said, now, mail_at)
    return row


def withdraw_adjustment(session: Session, actor: Actor, *, adjustment_id: int, now: datetime) -> Adjustment:
    """Withdraw a correction that one asked for oneself. Refuses another's (``NotYourRequest``) and what does not wait."""
    if not actor.is_admin:
        raise NotAllowed()
    row = locked(session, adjustment_id)
    if actor.id is None or row.asked_by_id != actor.id:
        raise NotYourRequest()
    if row.state != State.WAITING:
        raise NotWaitingAnyMore()
    row.state, row.settled_at = State.WITHDRAWN, now
    session.flush()
    free(session, row)
    facts = {"points": row.points, "category": row.category, "person_id": row.person_id}
    audit.record(session, actor, "adjustment.withdrawn", KIND, row.id, now=now, **facts)
    follow_correction(session, actor, row, now)
    return row


def _waiting(session: Session, actor: Actor, adjustment_id: int) -> Adjustment:
    row = locked(session, adjustment_id)
    require_second(actor, person_id=row.person_id, asked_by_id=row.asked_by_id)
    if row.state != State.WAITING:
        raise NotWaitingAnyMore()
    return row


def _righting(session: Session, adjustment_id: int) -> dict[str, Any]:
    """Return the dispute that a correction was to put right, and its answer, which goes with a decline and comes back where that is undone."""
    made = session.scalar(select(Dispute).where(Dispute.adjustment_id == adjustment_id, Dispute.state == DisputeState.CORRECTING))
    facts = ("answer", "answered_by_id", "points", "adjustment_id")
    return {"dispute": made.id, "righting": {name: getattr(made, name) for name in facts}} if made else {}


def told_key(row: Adjustment) -> str:
    """Return the key under which whoever asked is told of the decision; what is decided once more is told of again."""
    return f"adjustment:{row.id}:decided:{micros(row.settled_at or row.asked_at)}"


def _tell_asker(session: Session, row: Adjustment, kind: str, reason: str, now: datetime, mail_at: datetime | None) -> None:
    if row.asked_by_id is not None:
        data = {"person": get_person(session, row.person_id).name, "points": row.points, "reason": reason}
        to = recipient(session, row.asked_by_id)
        link = f"/admin/corrections?state={row.state}"
        notify(session, to=to, kind=kind, data=data, key=told_key(row), now=now, link=link, mail_at=mail_at)
