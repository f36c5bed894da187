"""What this installation has decided about challenges; every session carries it (``Database.inform_sessions``)."""

from decimal import Decimal

from sqlalchemy.orm import Session

POINTS_AT_ONCE = 25
POINT_VALUE = Decimal("0.03")


def points_at_once(session: Session) -> int:
    """Return up to how many points a step pays at once (``PORTAL_POINTS_AT_ONCE``)."""
    return int(session.info.get("points_at_once", POINTS_AT_ONCE))


def publishes_with_two(session: Session) -> bool:
    """Tell whether a challenge is published by another admin than the one who asked for its review (``PORTAL_PUBLISH_WITH_TWO``)."""
    return bool(session.info.get("publish_with_two"))


def point_value(session: Session) -> Decimal:
    """Return what a point is worth in US dollars, for limits that review sites set in money (``PORTAL_POINT_VALUE``)."""
    return Decimal(session.info.get("point_value", POINT_VALUE))


def looks_at_links(session: Session) -> bool:
    """Tell whether the worker may ask pages outside the portal (``PORTAL_LINK_CHECKS``)."""
    return bool(session.info.get("looks_at_links", True))


def programme_language(session: Session) -> str:
    """Return the language of the programme (``PORTAL_LANGUAGE``)."""
    return str(session.info.get("language", "en"))
