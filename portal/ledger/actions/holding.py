"""Points set aside for a redemption: held, then released or captured, once."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.ledger.actions import lots
from portal.ledger.actions.posting import locked_balances, post, record, record_once, replayed
from portal.ledger.queries.balances import balance_of
from portal.ledger.queries.policies import policy_at
from portal.ledger.queries.transfers import find_resolution, find_transfer, get_transfer
from portal.ledger.rules import (
    POINTS,
    AccountKind,
    AlreadyResolved,
    BalanceTooLow,
    Transfer,
    TransferKind,
    gain,
    require_points,
    require_reason,
)


def hold(
    session: Session,
    actor: Actor,
    *,
    owner_id: int,
    points: int,
    key: str,
    reason: str,
    source_type: str,
    source_id: int,
    now: datetime,
    note: str | None = None,
    unit: str = POINTS,
    of: int | None = None,
) -> Transfer:
    """Set ``points`` aside, those that lapse first. Refuses more than is available (``BalanceTooLow``), and then leaves nothing behind.

    ``of`` names the transfer from whose lots they are taken first. Also refuses a key that was used for other facts (``KeyReused``).
    """
    require_points(points)
    facts: dict[str, Any] = {
        "key": key, "kind": TransferKind.HOLD, "owner_id": owner_id, "unit": unit, "points": points, "earned": 0,
        "reason": require_reason(reason), "source_type": source_type, "source_id": source_id,
    }  # fmt: skip
    # A look before the leap: a refused hold then burns no id, which the sealer would have to wait for.
    available = balance_of(session, owner_id, unit=unit).available
    if available < points:
        if find_transfer(session, key=key) is None:
            raise BalanceTooLow(needed=points, available=available)
        return replayed(session, **facts)
    with session.begin_nested():
        written = record(session, actor, **facts, effective_at=now, now=now, note=note)
        moves = {AccountKind.AVAILABLE: -points, AccountKind.HELD: points}
        if not written.is_replay and not post(session, written, moves, None):
            raise BalanceTooLow(needed=points, available=balance_of(session, owner_id, unit=unit).available)
        if not written.is_replay:
            lots.set_aside(session, written, of=of)
            # What is held of an award by itself was pushed by the award.
            if of is None and policy_at(session, now, unit=unit).pushes:
                lots.push(session, written)
    return written


def release(session: Session, actor: Actor, *, hold_id: int, key: str, reason: str, now: datetime, note: str | None = None) -> Transfer:
    """Give the held points back. What the owner owes by now is paid first. Refuses a hold that is settled (``AlreadyResolved``)."""
    written = _resolve(session, actor, TransferKind.RELEASE, hold_id=hold_id, key=key, reason=reason, now=now, note=note)
    if not written.is_replay:
        owed = locked_balances(session, written.owner_id, written.unit)[AccountKind.OWED]
        moves = gain(written.points, owed=owed)
        post(session, written, moves | {AccountKind.HELD: -written.points}, None)
        lots.give_back(session, written, hold_id=hold_id, opened=moves.get(AccountKind.AVAILABLE, 0))
    return written


def capture(session: Session, actor: Actor, *, hold_id: int, key: str, reason: str, now: datetime, note: str | None = None) -> Transfer:
    """Spend the held points, at fulfilment. Refuses a hold that is settled (``AlreadyResolved``)."""
    written = _resolve(session, actor, TransferKind.CAPTURE, hold_id=hold_id, key=key, reason=reason, now=now, note=note)
    if not written.is_replay:
        # All three, though only one moves: who changes lots holds ``available``, so no two are ever at them at once.
        locked_balances(session, written.owner_id, written.unit)
        post(session, written, {AccountKind.HELD: -written.points}, AccountKind.REDEEMED)
        lots.spend(session, written, hold_id)
    return written


def _resolve(session: Session, actor: Actor, kind: TransferKind, *, hold_id: int, key: str, reason: str, now: datetime, note: str | None) -> Transfer:
    held = get_transfer(session, hold_id)
    if held.kind is not TransferKind.HOLD:
        raise NotFound()
    earlier = find_resolution(session, hold_id)
    if earlier is not None and earlier.key != key:
        raise AlreadyResolved(hold_id=hold_id, by=earlier.kind)
    return record_once(
        session, actor, key=key, kind=kind, owner_id=held.owner_id, unit=held.unit, points=held.points, earned=0,
        reason=require_reason(reason), source_type=held.source_type, source_id=held.source_id, effective_at=now, now=now, note=note,
        resolves_id=hold_id,
    )  # fmt: skip
