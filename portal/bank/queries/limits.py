"""The limits of one admin a month, and what is used of them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.bank.models import AdjustLimits, AdjustTally
from portal.bank.rules.adjusting import COMMAND_LINE, Limits, Used, month_of
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
