"""Writing acts. Called by the rooms where acts are approved, in the same unit of work as the payment, and after it.

Who is to hear of it in the same transaction is handed over in ``app.py``: that is how boards of
tracks, badges and streaks follow without any room having to think of them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.rules.acts import ActNews, ActUnknown
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.tracks import Track

ActHeard = Callable[[Session, Actor, ActNews, datetime], None]


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
    _announce(session, actor, act, is_live=True, now=now)
    return act.id


def reverse_act(session: Session, actor: Actor, *, source_type: str, source_id: int, now: datetime) -> None:
    """Mark the live act of a source as reversed. Refuses ``ActUnknown`` when there is none, or it was reversed already."""
    live = (Act.source_type == source_type, Act.source_id == source_id, Act.reversed_at.is_(None))
    taken = update(Act).where(*live).values(reversed_at=now).returning(Act)
    act = session.scalar(taken.execution_options(synchronize_session=False, populate_existing=True))
    if act is None:
        raise ActUnknown()
    record(session, actor, "act.reversed", "act", act.id, now=now, source_type=source_type, source_id=source_id)
    _announce(session, actor, act, is_live=False, now=now)


def change_worth(session: Session, actor: Actor, *, source_type: str, source_id: int, difference: int, now: datetime) -> None:
    """Let the live act of a source be worth ``difference`` points more, or less, since it was paid anew. Refuses ``ActUnknown``."""
    live = (Act.source_type == source_type, Act.source_id == source_id, Act.reversed_at.is_(None))
    changed = update(Act).where(*live).values(points=Act.points + difference).returning(Act)
    act = session.scalar(changed.execution_options(synchronize_session=False, populate_existing=True))
    if act is None:
        raise ActUnknown()
    record(session, actor, "act.repriced", "act", act.id, now=now, points=act.points, difference=difference)
    _announce(session, actor, act, is_live=True, now=now, change=difference)


def _announce(session: Session, actor: Actor, act: Act, *, is_live: bool, now: datetime, change: int = 0) -> None:
    hearers: Sequence[ActHeard] = session.info.get("act_heard", ())
    if hearers:
        news = ActNews(act.id, act.person_id, act.kind, act.track, act.points, act.happened_at, is_live, change)
        for hear in hearers:
            hear(session, actor, news, now)
