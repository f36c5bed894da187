"""What kinds take, as far as somebody sets it."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from portal.profiles.rules.activity import MEETING_MINUTES, Activity

MINUTES = "meeting_minutes"
"""Under this name sessions know how long a meeting is by the terms: a function of the session and the kind, from the room of requests."""


def meeting_minutes(session: Session, activity: Activity) -> int:
    """Return how many minutes a meeting of a kind has if nobody chooses."""
    set_to: Callable[[Session, Activity], int] | None = session.info.get(MINUTES)
    return set_to(session, activity) if set_to else MEETING_MINUTES
