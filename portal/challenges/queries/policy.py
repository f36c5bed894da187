"""What this installation has decided about challenges; every session carries it (``Database.inform_sessions``)."""

from sqlalchemy.orm import Session

POINTS_AT_ONCE = 25


def points_at_once(session: Session) -> int:
    """Return up to how many points a step pays at once (``PORTAL_POINTS_AT_ONCE``)."""
    return int(session.info.get("points_at_once", POINTS_AT_ONCE))


def publishes_with_two(session: Session) -> bool:
    """Tell whether a challenge is published by another admin than the one who asked for its review (``PORTAL_PUBLISH_WITH_TWO``)."""
    return bool(session.info.get("publish_with_two"))
