"""How a dispute ends: its move, what is told, and that it follows the correction which puts it right."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.bank.models import Adjustment, Dispute
from portal.bank.rules.adjusting import State
from portal.bank.rules.disputes import KIND, DisputeState
from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.notifications.actions import notify
from portal.people.queries.persons import recipient

_TOLD = {DisputeState.RIGHTED: "dispute_righted", DisputeState.STANDS: "dispute_stands"}


def told_key(made: Dispute) -> str:
    """Return the key under which the member is told of the answer; what is answered once more is told of again."""
    return f"{KIND}:{made.id}:answered:{micros(made.settled_at or made.made_at)}"


def settle(session: Session, actor: Actor, made: Dispute, state: DisputeState, now: datetime, mail_at: datetime | None = None) -> None:
    """Put an answered dispute, locked, into its last state; the member is told, at ``mail_at`` by mail. ``actor`` let it come to that."""
    made.state, made.settled_at = state, now
    session.flush()
    facts = {"person_id": made.person_id, "transfer_id": made.transfer_id, "points": made.points, "reason": made.answer}
    audit.record(session, actor, f"dispute.{state}", KIND, made.id, now=now, **facts, adjustment_id=made.adjustment_id)
    data = {"words": made.words, "points": made.points, "reason": made.answer}
    to = recipient(session, made.person_id)
    notify(session, to=to, kind=_TOLD[state], data=data, key=told_key(made), now=now, link="/statement", mail_at=mail_at)


def follow_correction(session: Session, actor: Actor, row: Adjustment, now: datetime, mail_at: datetime | None = None) -> None:
    """Let the dispute that a correction, locked, was to put right follow it: booked it is settled, else it waits for an answer again."""
    asked = select(Dispute).where(Dispute.adjustment_id == row.id, Dispute.state == DisputeState.CORRECTING)
    made = session.scalar(asked.with_for_update().execution_options(populate_existing=True))
    if made is None:
        return
    if row.state == State.BOOKED:
        settle(session, actor, made, DisputeState.RIGHTED, now, mail_at)
        return
    wait_again(session, made)
    audit.record(session, actor, "dispute.reopened", KIND, made.id, now=now, person_id=made.person_id, adjustment_id=row.id)


def wait_again(session: Session, made: Dispute) -> None:
    """Let a dispute, locked, wait for an answer once more."""
    made.state, made.answer, made.settled_at = DisputeState.WAITING, "", None
    made.answered_by_id = made.points = made.adjustment_id = None
    session.flush()
