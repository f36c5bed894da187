"""What the worker does about nominations. Handed over in ``app.py``; each in its own short transaction, so that one bad row holds up none."""

from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.rows import each_row, every_row
from portal.references.actions.asking import asked_before, follow_up, tell_late, waiting_too_long
from portal.references.actions.drafting import forget_drafts
from portal.references.rules.joining import Due

EVERY_SECONDS = 300.0
DRAFTS_EVERY_SECONDS = 86_400.0
AT_ONCE = 200


def follow_up_nominees(database: Database, now: datetime) -> int:
    """Remind who has not answered, and let silence count; returns about how many something was done."""

    def found(session: Session, after: int, limit: int) -> list[int]:
        return asked_before(session, now, limit, after)

    return every_row(
        database, found, lambda one: partial(_follow_up, nomination_id=one, now=now), job="references.follow_up_nominees", at_once=AT_ONCE
    )


def escalate_nominations(database: Database, now: datetime) -> int:
    """Tell admins of nominations that wait too long; returns of how many."""
    with database.reading() as session:
        found = waiting_too_long(session, now, AT_ONCE)
    told = each_row(database, found, lambda one: partial(_tell_late, nomination_id=one, now=now), job="references.escalate_nominations")
    return sum(told)


def forget_old_drafts(database: Database, now: datetime) -> int:
    """Throw away drafts that nobody touched for long; returns how many."""
    return database.write(partial(forget_drafts, now=now))


def _follow_up(session: Session, *, nomination_id: int, now: datetime) -> bool:
    return follow_up(session, system("job"), nomination_id=nomination_id, now=now) is not Due.NOTHING


def _tell_late(session: Session, *, nomination_id: int, now: datetime) -> bool:
    return tell_late(session, system("job"), nomination_id=nomination_id, now=now)
