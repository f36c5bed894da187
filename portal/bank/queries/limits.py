"""The limits of one admin a month, and what is used of them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from portal.bank.models import AdjustLimits, Adjustment, AdjustTally
from portal.bank.rules.adjusting import COMMAND_LINE, Limits, State, Used, month_of
from portal.kernel.db import programme_zone


def limits_of(session: Session) -> Limits:
    """Return the limits as admins set them, or those of the house."""
    row = session.get(AdjustLimits, 1)
    return Limits() if row is None else Limits(row.given, row.taken)


def used_in(session: Session, admin_id: int, month: str) -> Used:
    """Return what an admin gave and took by hand in ``month``."""
    found = select(AdjustTally.given, AdjustTally.taken).where(AdjustTally.admin_id == admin_id, AdjustTally.month == month)
    row = session.execute(found).first()
    return Used(row.given, row.taken) if row else Used()


def used_now(session: Session, admin_id: int | None, now: datetime) -> Used:
    """Return what an admin, or the command line, gave and took by hand in this month."""
    return used_in(session, admin_id or COMMAND_LINE, month_of(now, programme_zone(session)))


def waiting_now(session: Session, admin_id: int | None, now: datetime) -> Used:
    """Return what of ``used_now`` waits for a second admin: it was asked for, and not given or taken."""
    month, by = month_of(now, programme_zone(session)), Adjustment.asked_by_id == admin_id
    given, taken = (func.sum(case((sign * Adjustment.points > 0, sign * Adjustment.points), else_=0)) for sign in (1, -1))
    row = session.execute(select(given, taken).where(by, Adjustment.month == month, Adjustment.state == State.WAITING)).one()
    return Used(int(row[0] or 0), int(row[1] or 0))


def given_alone(session: Session, admin_id: int | None, people: Collection[int], month: str) -> dict[int, Used]:
    """Return what an admin, or the command line, gave and took of each person in ``month`` that nobody else looked at and that stands."""
    by = Adjustment.asked_by_id == admin_id if admin_id is not None else Adjustment.asked_by_id.is_(None)
    which = (by, Adjustment.person_id.in_(people), Adjustment.month == month, Adjustment.state == State.BOOKED, Adjustment.decided_by_id.is_(None))
    given, taken = (func.sum(case((sign * Adjustment.points > 0, sign * Adjustment.points), else_=0)) for sign in (1, -1))
    found = select(Adjustment.person_id, given.label("given"), taken.label("taken")).where(*which).group_by(Adjustment.person_id)
    return {row.person_id: Used(int(row.given), int(row.taken)) for row in session.execute(found)}
