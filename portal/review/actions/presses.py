"""A button that an impatient person presses twice does once what it says, and is not told that somebody else was faster."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.ids import token_hash
from portal.review.models import ReviewPress

SAME_PRESS = timedelta(seconds=30)
"""What comes later with the key of an old page is meant anew, and is judged by how things stand then."""
KEPT_FOR = timedelta(days=1)


def take_press(session: Session, actor: Actor, *, key: str, verdict: str, about: str, now: datetime) -> bool:
    """Tell whether this press of a verdict's button is the one that counts; of two that arrive together the second waits for the first.

    ``key`` comes with the page that showed the button, ``about`` names the thing it decides on: a browser may bring the key of one page into
    another. Kept with the verdict, so that one that is refused may be pressed again.
    """
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {"key": token_hash(f"{key} {about}"), "verdict": verdict, "person_id": actor.id, "at": now}
    changed = (ReviewPress.at < now - SAME_PRESS) | (ReviewPress.person_id != actor.id)
    made = dialect.insert(ReviewPress).values(**row)
    made = made.on_conflict_do_update(index_elements=["key", "verdict"], set_={"at": now, "person_id": actor.id}, where=changed)
    return session.execute(made.returning(ReviewPress.key), execution_options={"synchronize_session": False}).first() is not None


def forget_own(session: Session, actor: Actor) -> None:
    """Let every button count anew for ``actor``, who just took back what one of them did."""
    session.execute(delete(ReviewPress).where(ReviewPress.person_id == actor.id), execution_options={"synchronize_session": False})


def forget_presses(session: Session, *, now: datetime) -> int:
    """Remove what nobody presses any more, and say how much it was."""
    gone = delete(ReviewPress).where(ReviewPress.at < now - KEPT_FOR).returning(ReviewPress.key)
    return len(session.execute(gone, execution_options={"synchronize_session": False}).all())
