"""Setting the terms on which points are earned. Nothing earned before is touched."""

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.ledger.lots import Policy, PolicyKind
from portal.ledger.models import points_policy
from portal.ledger.rules import POINTS

_SET = insert(points_policy).returning(points_policy.c.id)


def set_policy(
    session: Session, actor: Actor, *, kind: PolicyKind, months: int | None, pending_days: int, from_at: datetime, now: datetime, unit: str = POINTS
) -> Policy:
    """Let what is earned from ``from_at`` on, at ``now`` at the earliest, lapse and wait by these terms. The last word stands."""
    values = {
        "unit": unit, "kind": kind, "months": months, "pending_days": pending_days, "from_at": max(from_at, now), "set_by": actor.id, "set_at": now,
    }  # fmt: skip
    policy_id = session.connection().execute(_SET, values).scalar_one()
    return Policy(policy_id, kind, months or 0, pending_days)
