"""Keeping the fence posts of long boards: written in one short transaction, computed before it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from portal.recognition.models import Fence, FenceBuild
from portal.recognition.queries.fences import Look


def replace_fences(session: Session, *, period: str, posts: Sequence[Sequence[int]], look: Look, now: datetime) -> None:
    """Put new fence posts in the place of the old ones. ``posts`` are (score, first_neg, member_id, position)."""
    session.execute(delete(Fence).where(Fence.period == period))
    rows = [{"period": period, "score": s, "first_neg": f, "member_id": m, "position": p} for s, f, m, p in posts]
    if rows:
        session.execute(insert(Fence.__table__), rows)  # type: ignore[arg-type]
    session.merge(FenceBuild(period=period, built_at=now, looked_at=now, members=look.members, points=look.points, latest_neg=look.latest_neg))
    session.flush()


def note_look(session: Session, *, period: str, now: datetime) -> None:
    """Remember that the board was compared and is the same."""
    session.execute(update(FenceBuild).where(FenceBuild.period == period).values(looked_at=now, built_at=now))


def drop_fences(session: Session, *, period: str) -> None:
    """Take the fence posts of a board away that is short enough for counting."""
    session.execute(delete(Fence).where(Fence.period == period))
    session.execute(delete(FenceBuild).where(FenceBuild.period == period))
