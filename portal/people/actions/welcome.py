"""What new members do with their welcome: put it away, bring it back; and that they kept their own profile."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.people.models import Person


def put_welcome_away(session: Session, actor: Actor, *, now: datetime) -> bool:
    """Take the welcome off the actor's home; tells whether it was there. Their profile brings it back."""
    return _move(session, actor, Person.welcomed_at.is_(None), now, "person.welcome_put_away", now)


def bring_welcome_back(session: Session, actor: Actor, *, now: datetime) -> bool:
    """Bring back the welcome that the actor put away; tells whether they had. It stands on the home of those who are new."""
    return _move(session, actor, Person.welcomed_at.is_not(None), None, "person.welcome_brought_back", now)


def keep_profile(session: Session, person_id: int, now: datetime) -> None:
    """Remember when somebody first kept their own profile or how they stand on boards, whether or not anything differed."""
    session.execute(update(Person).where(Person.id == person_id, Person.profile_kept_at.is_(None)).values(profile_kept_at=now))


def _move(session: Session, actor: Actor, before: object, value: datetime | None, event: str, now: datetime) -> bool:
    assert actor.id is not None
    moved = update(Person).where(Person.id == actor.id, before).values(welcomed_at=value).returning(Person.id)  # type: ignore[arg-type]
    if session.scalar(moved) is None:
        return False
    record(session, actor, event, "person", actor.id, now=now)
    return True
