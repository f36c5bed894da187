"""The audience's own row first: edits queue up behind each other."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audience.models import Audience
from portal.audience.queries.audiences import get_audience
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed


def require_editor(actor: Actor) -> None:
    """Refuse anybody who does not run the programme."""
    if not actor.is_admin:
        raise NotAllowed()


def lock_audience(session: Session, actor: Actor, audience_id: int) -> Audience:
    """Return the audience, its row locked. Refuses who may not edit (``NotAllowed``); raises ``NotFound``."""
    require_editor(actor)
    get_audience(session, audience_id)
    locked = select(Audience).where(Audience.id == audience_id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(locked).one()


def touch(session: Session, audience: Audience, now: datetime) -> None:
    """Note that what is edited changed."""
    audience.revision += 1
    audience.changed_at = now
    session.flush()
