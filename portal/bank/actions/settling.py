"""How a dispute ends: its move, what is told, and that it follows the correction which puts it right."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.bank.models import Adjustment, Dispute
from portal.bank.rules.adjusting import State
from portal.bank.rules.disputes import KIND, DisputeState
from portal.kernel.actor import Actor
from portal.notifications.actions import notify
from portal.people.queries.persons import recipient

_TOLD = {DisputeState.RIGHTED: "dispute_righted", DisputeState.STANDS: "dispute_stands"}


def settle(session: Session, actor: Actor, made: Dispute, state: DisputeState, now: datetime) -> None:
    """Put an answered dispute, locked, into its last state; the member is told by inbox and mail. ``actor`` let it come to that."""
    made.state, made.settled_at = state, now
    session.flush()
    facts = {"person_id": made.person_id, "transfer_id": made.transfer_id, "points": made.points, "reason": made.answer}
    audit.record(session, actor, f"dispute.{state}", KIND, made.id, now=now, **facts, adjustment_id=made.adjustment_id)
    data = {"words": made.words, "points": made.points, "reason": made.answer}
    to = recipient(session, made.person_id)
    notify(session, to=to, kind=_TOLD[state], data=data, key=f"{KIND}:{made.id}:answered", now=now, link="/statement")


def follow_correction(session: Session, actor: Actor, row: Adjustment, now: datetime) -> None:
    """Let the dispute that a correction, locked, was to put right follow it: booked it is settled, else it waits for an answer again."""
    asked = select(Dispute).where(Dispute.adjustment_id == row.id, Dispute.state == DisputeState.CORRECTING)
    made = session.scalar(asked.with_for_update().execution_options(populate_existing=True))
    if made is None:
        return
    if row.state == State.BOOKED:
        settle(session, actor, made, DisputeState.RIGHTED, now)
        return
    made.state, made.answer = DisputeState.WAITING, ""
    made.answered_by_id = made.points = made.adjustment_id = None
    session.flush()
    audit.record(session, actor, "dispute.reopened", KIND, made.id, now=now, person_id=made.person_id, adjustment_id=row.id)
