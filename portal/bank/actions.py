"""Correcting a balance by hand."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.bank.rules import REASON, require_adjuster, require_adjustment, require_agreed
from portal.kernel.actor import Actor
from portal.ledger.queries.balances import balance_of
from portal.ledger.rules import Transfer
from portal.notifications.actions import notify
from portal.people.queries.persons import recipient
from portal.recognition.actions.scores import adjust


def adjust_points(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    points: int,
    counts_as_earned: bool,
    reason: str,
    key: str,
    now: datetime,
    most_owed: int | None = None,
) -> Transfer:
    """Add ``points``, or take them where below zero, and tell the person why. The same ``key`` is one correction.

    ``counts_as_earned`` moves lifetime total and boards too. Refuses: NotAllowed, OwnBalance, NothingToChange, TooMuch, ReasonNeeded, KeyReused.
    And ``WouldOwe`` where the person would then owe more than before and more than ``most_owed``, what the admin has agreed to.
    """
    require_adjuster(actor, person_id)
    said = require_adjustment(points, reason)
    to = recipient(session, person_id)
    before = balance_of(session, person_id)
    moved = adjust(
        session,
        actor,
        person_id=person_id,
        points=points,
        counts_as_earned=counts_as_earned,
        key=f"adjust:{key}",
        reason=REASON,
        now=now,
        note=said,
    )
    if not moved.is_replay:
        after = balance_of(session, person_id)
        require_agreed(before.owed, after.owed, most_owed, before=before.available, after=after.available)
        facts = {"points": points, "counts_as_earned": counts_as_earned, "reason": said, "transfer_id": moved.id}
        audit.record(session, actor, "points.adjusted", "person", person_id, now=now, **facts)
        data = {"points": points, "reason": said}
        notify(session, to=to, kind="points_adjusted", data=data, key=f"transfer:{moved.id}", now=now, link="/statement")
    return moved
