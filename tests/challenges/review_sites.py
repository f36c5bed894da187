"""A step that asks for a review on a site."""

from typing import Any

from sqlalchemy.orm import Session

from portal.challenges.actions.stages import add_stage
from portal.challenges.models.offering import Stage
from portal.kernel.actor import system
from portal.kernel.clock import utcnow

PORTAL = system("test")


def review(session: Session, challenge_id: int, site: str, *, points: int = 0, **options: Any) -> Stage:
    given = {"site": site, **options}
    return add_stage(session, PORTAL, challenge_id=challenge_id, kind="review", title="Review", options=given, points=points, now=utcnow())
