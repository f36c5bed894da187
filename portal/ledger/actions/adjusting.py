"""Corrections by hand: points given or taken with a reason, and marked as earned or not."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.ledger.actions import lots
from portal.ledger.actions.posting import locked_balances, post, record
from portal.ledger.queries.policies import policy_at
from portal.ledger.rules import POINTS, AccountKind, Transfer, TransferKind, change, require_points, require_reason


def adjust(
    session: Session,
    actor: Actor,
    *,
    owner_id: int,
    points: int,
    counts_as_earned: bool,
    key: str,
    reason: str,
    now: datetime,
    effective_at: datetime | None = None,
    note: str | None = None,
    unit: str = POINTS,
    source_type: str | None = None,
    source_id: int | None = None,
    batch_id: int | None = None,
) -> Transfer:
    """Give (``points`` above zero) or take (below) points; only if ``counts_as_earned`` the lifetime total follows.

    What is owed is paid first; what cannot be taken from ``available`` becomes owed. Refuses a key
    that was used for other facts (``KeyReused``).
    """
    require_points(points, signed=True)
    written = record(
        session, actor, key=key, kind=TransferKind.ADJUST, owner_id=owner_id, unit=unit, points=points,
        earned=points if counts_as_earned else 0, reason=require_reason(reason), source_type=source_type, source_id=source_id,
        effective_at=effective_at or now, now=now, note=note, batch_id=batch_id,
    )  # fmt: skip
    if not written.is_replay:
        before = locked_balances(session, owner_id, unit)
        moves = change(points, available=before[AccountKind.AVAILABLE], owed=before[AccountKind.OWED])
        post(session, written, moves, AccountKind.ADJUSTED)
        opened = moves.get(AccountKind.AVAILABLE, 0)
        if points > 0:
            lots.enter(session, written, policy_at(session, now, unit=unit), opened)
        else:
            lots.take_away(session, written, -opened)
    return written
