"""Reading acts."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act


def find_act(session: Session, source_type: str, source_id: int) -> Act | None:
    """Return the live act of a source, or None."""
    return session.scalar(select(Act).where(Act.source_type == source_type, Act.source_id == source_id, Act.reversed_at.is_(None)))


def acts_by_track(session: Session, person_id: int) -> dict[str, int]:
    """Return how many live acts a person has in each track; tracks without one are left out."""
    counted = select(Act.track, func.count().label("number")).where(Act.person_id == person_id, Act.reversed_at.is_(None)).group_by(Act.track)
    return {row.track: row.number for row in session.execute(counted)}


def count_acts(session: Session, *, since: datetime, until: datetime) -> int:
    """Return how many live acts happened from ``since`` up to, not including, ``until``."""
    within = (Act.happened_at >= since, Act.happened_at < until, Act.reversed_at.is_(None))
    return session.scalar(select(func.count()).select_from(Act).where(*within)) or 0
