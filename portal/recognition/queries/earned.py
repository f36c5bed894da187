"""What the ledger says of points earned, and the acts of those of a track: asked when something is taken back, and to prove the boards."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.kernel.clock import require_aware
from portal.ledger.models import account, entry, transfer
from portal.recognition.rules.boards import UNIT, Span

_reversal = transfer.alias("reversal")


def last_raise(session: Session, person_id: int, span: Span) -> datetime | None:
    """Return when the last points that still stand were earned within ``span``, or None if none do."""
    mine = (
        select(entry.c.transfer_id).join(account, account.c.id == entry.c.account_id).where(account.c.owner_id == person_id, account.c.unit == UNIT)
    )
    raised = select(func.max(transfer.c.effective_at)).where(
        transfer.c.id.in_(mine),
        transfer.c.earned > 0,
        transfer.c.kind != "reverse",
        ~select(_reversal.c.id).where(_reversal.c.reverses_id == transfer.c.id).exists(),
    )
    if span.since is not None:
        raised = raised.where(transfer.c.effective_at >= span.since)
    if span.until is not None:
        raised = raised.where(transfer.c.effective_at < span.until)
    found = session.execute(raised).scalar()
    return require_aware(found) if found else None


def last_act(session: Session, person_id: int, track: str, span: Span) -> datetime | None:
    """Return when the last act of ``track`` that still stands and was worth something happened within ``span``, or None."""
    raised = select(func.max(Act.happened_at)).where(Act.person_id == person_id, Act.track == track, Act.points > 0, Act.reversed_at.is_(None))
    if span.since is not None:
        raised = raised.where(Act.happened_at >= span.since)
    if span.until is not None:
        raised = raised.where(Act.happened_at < span.until)
    found = session.scalar(raised)
    return require_aware(found) if found else None
