"""Points that lapse: one posting for what is left of a lot after its last day, to the programme's account ``expired``."""

from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.ledger.actions import lots
from portal.ledger.actions.posting import locked_balances, post, record
from portal.ledger.models import lot
from portal.ledger.rules import MOST_POINTS, AccountKind, Transfer, TransferKind

REASON = "bank.expired"
_LOT = select(lot.c.owner_id, lot.c.unit, lot.c.open, lot.c.expires_on, lot.c.lapses).where(lot.c.id == bindparam("b_id"))


def expire(session: Session, actor: Actor, *, lot_id: int, day: date, now: datetime) -> Transfer | None:
    """Let what is open of a lot lapse if its last day lies before ``day``. None, and nothing done, if there is nothing to lapse.

    What is held stays: it lapses when it comes back and nobody spends it in time. Until this is posted, points can be
    spent; once it is, a hold that comes too late finds them gone. Run twice it does it once: the accounts are
    locked before the lot is read, and the key names the lot and how often it lapsed: a unit of work from before midnight
    may still give back to a lot that has just lapsed.
    """
    found = session.connection().execute(_LOT, {"b_id": lot_id}).one()
    if found.expires_on >= day or not found.open:
        return None
    locked_balances(session, found.owner_id, found.unit)
    found = session.connection().execute(_LOT, {"b_id": lot_id}).one()
    if found.expires_on >= day or not found.open:
        return None
    written = None
    for number, start in enumerate(range(0, found.open, MOST_POINTS), found.lapses + 1):
        points = min(found.open - start, MOST_POINTS)
        written = record(
            session, actor, key=f"expire:{lot_id}:{number}", kind=TransferKind.EXPIRE,
            owner_id=found.owner_id, unit=found.unit, points=points, earned=0, reason=REASON, source_type="lot", source_id=lot_id,
            effective_at=now, now=now, note=None,
        )  # fmt: skip
        assert not written.is_replay, "a lot counts how often it lapsed"
        moved = post(session, written, {AccountKind.AVAILABLE: -points}, AccountKind.EXPIRED)
        assert moved, "what is open in lots is available"
        lots.lapse(session, written, lot_id)
    return written
