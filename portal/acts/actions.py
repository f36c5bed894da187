"""Writing acts. Called by the rooms where acts are approved, in the same unit of work as the payment."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.acts.models import Act
from portal.acts.rules import ActUnknown
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.tracks import Track


def record_act(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    company_id: int | None,
    kind: str,
    track: Track | str,
    source_type: str,
    source_id: int,
    points: int,
    happened_at: datetime,
    now: datetime,
) -> int:
    """Record an act and return its id. The database refuses a second live act of one source."""
    act = Act(
        person_id=person_id,
        company_id=company_id,
        kind=kind,
        track=Track(track),
        source_type=source_type,
        source_id=source_id,
        points=points,
        happened_at=happened_at,
        recorded_at=now,
    )
    session.add(act)
    session.flush()
    record(session, actor, "act.recorded", "act", act.id, now=now, person_id=person_id, kind=kind, points=points)
    return act.id


def reverse_act(session: Session, actor: Actor, *, source_type: str, source_id: int, now: datetime) -> None:
    """Mark the live act of a source as reversed. Refuses ``ActUnknown`` when there is none, or it was reversed already."""
    live = (Act.source_type == source_type, Act.source_id == source_id, Act.reversed_at.is_(None))
    act_id = session.scalar(update(Act).where(*live).values(reversed_at=now).returning(Act.id).execution_options(synchronize_session=False))
    if act_id is None:
        raise ActUnknown()
    record(session, actor, "act.reversed", "act", act_id, now=now, source_type=source_type, source_id=source_id)
