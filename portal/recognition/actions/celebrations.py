"""Congratulating once: a row with a unique key decides, and stays for ever once it was seen."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.recognition.models import Celebration
from portal.recognition.rules.badges import Cause

_CELEBRATION: Any = Celebration.__table__
_ONCE = {
    name: dialect.insert(_CELEBRATION).on_conflict_do_nothing(index_elements=["person_id", "cause", "subject_id"]).returning(_CELEBRATION.c.id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


def celebrate(session: Session, *, person_id: int, cause: Cause, subject_id: int, is_silent: bool, now: datetime) -> bool:
    """Write that a person is congratulated on ``subject_id`` of ``cause``, unless that was done before; tells whether it is new.

    A silent one counts as seen. What was seen is never celebrated again, however often it is taken back and given.
    """
    row = {"person_id": person_id, "cause": cause, "subject_id": subject_id, "made_at": now, "closed_at": now if is_silent else None}
    connection = session.connection()
    return connection.execute(_ONCE[connection.dialect.name], row).scalar() is not None


def close_celebrations(session: Session, *, person_id: int, upto: int, now: datetime) -> None:
    """Mark as seen what a person was congratulated on, up to the celebration ``upto``: what came after that page is still to be shown."""
    mine = (Celebration.person_id == person_id, Celebration.id <= upto, Celebration.closed_at.is_(None))
    session.execute(update(Celebration).where(*mine).values(closed_at=now))


def forget_celebration(session: Session, *, person_id: int, cause: Cause, subject_id: int, since: datetime | None = None) -> bool:
    """Show nothing of what was taken back before it was seen, and tell whether there was something; earned again, it is celebrated then.

    What they were congratulated on before ``since`` is left.
    """
    one = [Celebration.person_id == person_id, Celebration.cause == cause, Celebration.subject_id == subject_id, Celebration.closed_at.is_(None)]
    if since is not None:
        one.append(Celebration.made_at > since)
    return bool(session.execute(delete(Celebration).where(*one)).rowcount)  # type: ignore[attr-defined]
