"""What kinds take, as far as somebody sets it."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from portal.profiles.rules.activity import MEETING_MINUTES

MINUTES = "meeting_minutes"
"""Under this name sessions know how long a meeting is by the terms: a function of the session, from the room of requests."""


def meeting_minutes(session: Session) -> int:
    """Return how many minutes a meeting has if nobody chooses."""
    set_to: Callable[[Session], int] | None = session.info.get(MINUTES)
    return set_to(session) if set_to else MEETING_MINUTES
