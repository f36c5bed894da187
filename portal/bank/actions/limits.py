"""How much one admin gives and takes by hand in a month: a row each, moved by guarded updates, so that two at once cannot pass the limit."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.bank.models import AdjustLimits, AdjustTally
from portal.bank.queries.limits import limits_of, used_in
from portal.bank.rules.adjusting import Limits, require_limits, require_within
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen


def count_in_month(session: Session, *, admin_id: int, month: str, points: int) -> None:
    """Count a correction of ``points`` against the admin's limit of the month. Refuses what passes it (``MonthlyLimitReached``)."""
    limits = limits_of(session)
    opened = _dialect(session).insert(AdjustTally).values(admin_id=admin_id, month=month, given=0, taken=0)
    session.execute(opened.on_conflict_do_nothing(index_elements=["admin_id", "month"]))
    limit, column = limits.of(points), _column(points)
    moved = update(AdjustTally).where(*_row(admin_id, month)).values({column: column + abs(points)})
    if limit is not None:
        moved = moved.where(column + abs(points) <= limit)
    while session.execute(moved.execution_options(synchronize_session=False)).rowcount != 1:  # type: ignore[attr-defined]
        # Where somebody's decline has made room between the two looks, it is counted at the next try.
        require_within(limits, used_in(session, admin_id, month), points)


def free_in_month(session: Session, *, admin_id: int, month: str, points: int) -> None:
    """Count a correction no longer: it was declined, withdrawn or undone."""
    column = _column(points)
    moved = update(AdjustTally).where(*_row(admin_id, month), column >= abs(points)).values({column: column - abs(points)})
    session.execute(moved.execution_options(synchronize_session=False))


def set_limits(session: Session, actor: Actor, *, limits: Limits, now: datetime, seen: str | None = None) -> Limits:
    """Keep the limits from now on, for this month too.

    Refuses who is no admin, limits out of range, and what changed since it was ``seen`` (``ChangedMeanwhile``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    wanted, house = require_limits(limits), Limits()
    if wanted == limits_of(session):
        return wanted
    first = _dialect(session).insert(AdjustLimits).values(id=1, given=house.given, taken=house.taken, changed_at=now)
    session.execute(first.on_conflict_do_nothing(index_elements=["id"]))
    kept = select(AdjustLimits).where(AdjustLimits.id == 1).with_for_update().execution_options(populate_existing=True)
    row = session.scalars(kept).one()
    before = Limits(row.given, row.taken)
    if before == wanted:
        return wanted
    require_seen(seen_values(before), seen)
    row.given, row.taken, row.changed_at, row.changed_by_id = wanted.given, wanted.taken, now, actor.id
    session.flush()
    facts = {"before": [before.given, before.taken], "after": [wanted.given, wanted.taken], "given": wanted.given, "taken": wanted.taken}
    audit.record(session, actor, "adjustment.limits_changed", "adjustment", None, now=now, **facts)
    return wanted


def seen_values(limits: Limits) -> dict[str, int | None]:
    """Return what the editor shows of the limits."""
    return {"given": limits.given, "taken": limits.taken}


def _dialect(session: Session) -> Any:
    return postgresql if session.get_bind().dialect.name == "postgresql" else sqlite


def _column(points: int) -> Any:
    return AdjustTally.given if points > 0 else AdjustTally.taken


def _row(admin_id: int, month: str) -> tuple[Any, ...]:
    return AdjustTally.admin_id == admin_id, AdjustTally.month == month
