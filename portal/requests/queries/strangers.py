"""Who is proposed and never agreed to be a reference: it stays possible, and whoever decides about it reads so first."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.models.asks import Ask
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.activity import ASK_OF, Activity
from portal.requests.rules.strangers import Stranger, stranger


def stranger_of(session: Session, person_id: int, activity: Activity, ask_id: int | None = None) -> Stranger:
    """Return whether somebody never agreed to be a reference; ``ask_id`` is what they are asked with now."""
    if session.get(ReferenceProfile, person_id) is not None:
        return Stranger.NO
    asked = select(Ask.id).where(Ask.person_id == person_id, Ask.kind == ASK_OF[activity], Ask.id != (ask_id or 0)).limit(1)
    return stranger(has_profile=False, was_asked=session.scalar(asked) is not None)
