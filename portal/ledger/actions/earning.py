"""Points that come in, and their reversal. Rooms that pay go through recognition, which keeps score in the same unit of work."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.ledger.actions import lots
from portal.ledger.actions.pending import make_wait, release_pending
from portal.ledger.actions.posting import earn, locked_balances, post, record, record_once
from portal.ledger.lots import Policy, settle
from portal.ledger.queries.policies import policy_at
from portal.ledger.queries.transfers import find_reversal, get_transfer
from portal.ledger.rules import (
    OTHER_SIDE,
    POINTS,
    AccountKind,
    AlreadyReversed,
    NotReversible,
    Transfer,
    TransferKind,
    change,
    gain,
    require_points,
    require_reason,
)


def award(
    session: Session,
    actor: Actor,
    *,
    owner_id: int,
    points: int,
    key: str,
    reason: str,
    source_type: str,
    source_id: int,
    effective_at: datetime,
    now: datetime,
    unit: str = POINTS,
    note: str | None = None,
    batch_id: int | None = None,
) -> Transfer:
    """Give ``points`` for something done. What the owner owes is paid first; the lifetime total grows by all of it.

    What reaches ``available`` goes into the lot of its month, and waits there if the policy says so.

    ``key`` names the decision (``submission:7:decision:2``): a repeat returns the first transfer.
    Refuses a key that was used for other facts (``KeyReused``).
    """
    written = record(
        session, actor, key=key, kind=TransferKind.AWARD, owner_id=owner_id, unit=unit, points=require_points(points), earned=points,
        reason=require_reason(reason), source_type=source_type, source_id=source_id, effective_at=effective_at, now=now, note=note,
        batch_id=batch_id,
    )  # fmt: skip
    if not written.is_replay:
        earned, opened = earn(session, written, AccountKind.ISSUED), points
        if earned is not None:
            policy, entries = earned
            lots.enter(session, written, policy, opened, entries)
        else:
            policy, opened = _pay_and_earn(session, written)
            lots.enter(session, written, policy, opened)
        if policy.pending_days and opened:
            make_wait(session, actor, written, points=opened, days=policy.pending_days, now=now)
    return written


def _pay_and_earn(session: Session, written: Transfer) -> tuple[Policy, int]:
    """Post to who has nothing available, and may owe. Return the policy that stands, and what is left after the debt."""
    owed = locked_balances(session, written.owner_id, written.unit)[AccountKind.OWED]
    moves = gain(written.points, owed=owed)
    post(session, written, moves, AccountKind.ISSUED)
    return policy_at(session, written.recorded_at, unit=written.unit), moves.get(AccountKind.AVAILABLE, 0)


def reverse(session: Session, actor: Actor, *, transfer_id: int, key: str, reason: str, now: datetime, note: str | None = None) -> Transfer:
    """Undo an award, an adjustment or a capture in full, once; the original stays as it is.

    An award is taken from what is available, its own points first; what of it has expired is gone already, and settled
    with the programme's account ``expired``; the rest becomes owed. A captured hold comes back to what is available,
    after what is owed is paid. The lifetime total loses what the original added.
    Refuses other kinds (``NotReversible``) and a second time (``AlreadyReversed``).
    """
    original = get_transfer(session, transfer_id)
    if original.kind not in OTHER_SIDE:
        raise NotReversible(transfer_id=transfer_id, kind=original.kind)
    earlier = find_reversal(session, transfer_id)
    if earlier is not None and earlier.key != key:
        raise AlreadyReversed(transfer_id=transfer_id)
    if original.kind is TransferKind.AWARD and earlier is None:
        release_pending(session, actor, award_id=transfer_id, now=now)
    back = original.points if original.kind is TransferKind.CAPTURE else -original.points
    written = record_once(
        session, actor, key=key, kind=TransferKind.REVERSE, owner_id=original.owner_id, unit=original.unit, points=-original.points,
        earned=-original.earned, reason=require_reason(reason), source_type=original.source_type, source_id=original.source_id,
        effective_at=now, now=now, note=note, reverses_id=original.id,
    )  # fmt: skip
    if not written.is_replay:
        before = locked_balances(session, written.owner_id, written.unit)
        own = lots.own_lots(session, original.id) if back < 0 else ()
        settled = settle(-back, still_open=sum(row.open for row in own), expired=sum(row.expired for row in own)) if own else 0
        moves = change(back + settled, available=before[AccountKind.AVAILABLE], owed=before[AccountKind.OWED])
        post(session, written, moves, OTHER_SIDE[original.kind], settled=settled)
        opened = moves.get(AccountKind.AVAILABLE, 0)
        if original.kind is TransferKind.CAPTURE:
            lots.give_back(session, written, capture_id=original.id, opened=opened)
        elif back < 0:
            lots.take_away(session, written, -opened, own=own, settled=settled)
        else:
            lots.restore(session, written, opened, of=original.id)
    return written
