"""Points that wait: earned and counted at once, but held until their day before they can be spent."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.ledger.actions.holding import hold, release
from portal.ledger.models import pending
from portal.ledger.rules import PENDING, Transfer

_KEEP = insert(pending)
_OPEN = (pending.c.award_id == bindparam("b_award"), pending.c.released_at.is_(None))
_HOLD = select(pending.c.hold_id).where(*_OPEN)
_DONE = update(pending).where(*_OPEN).values(released_at=bindparam("b_now", type_=pending.c.released_at.type))


def make_wait(session: Session, actor: Actor, award: Transfer, *, points: int, days: int, now: datetime) -> Transfer:
    """Hold ``points`` of an award, from its own lot, until ``days`` have passed. Part of the award, in its unit of work."""
    until = local_date(award.recorded_at, programme_zone(session)) + timedelta(days=days)
    held = hold(
        session, actor, owner_id=award.owner_id, points=points, key=f"pending:{award.id}", reason=PENDING, source_type=award.source_type or "",
        source_id=award.source_id or 0, now=now, unit=award.unit, of=award.id,
    )  # fmt: skip
    row = {"award_id": award.id, "hold_id": held.id, "owner_id": award.owner_id, "unit": award.unit, "points": points, "until": until}
    session.connection().execute(_KEEP, row | {"released_at": None})
    return held


def release_pending(session: Session, actor: Actor, *, award_id: int, now: datetime) -> Transfer | None:
    """Let points of an award be spent: on their day, or because the award is reversed. None if none of them wait. Run twice it does it once."""
    hold_id = session.connection().execute(_HOLD, {"b_award": award_id}).scalar()
    if hold_id is None:
        return None
    written = release(session, actor, hold_id=hold_id, key=f"pending:{award_id}:release", reason=PENDING, now=now)
    session.connection().execute(_DONE, {"b_award": award_id, "b_now": now})
    return written
