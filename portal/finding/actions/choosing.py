"""Marking profiles as one's favourites."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.finding.models.library import Favourite
from portal.finding.queries.candidates import seen_by
from portal.finding.queries.facts import facts_of
from portal.finding.rules.seeing import Sight
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, NotFound


def mark_favourite(session: Session, actor: Actor, *, reference_id: int, is_on: bool, now: datetime) -> None:
    """Put a profile on the actor's own list, or take it off; pressed twice it is what it is. Refuses NotFound for whom they may not know of."""
    if actor.id is None or not (actor.is_employee or actor.is_admin):
        raise NotAllowed()
    if not is_on:
        session.execute(delete(Favourite).where(Favourite.person_id == actor.id, Favourite.reference_id == reference_id))
        return
    facts = facts_of(session, [reference_id], now).get(reference_id)
    if facts is None or seen_by(actor, facts) is Sight.NONE:
        raise NotFound()
    maker = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {"person_id": actor.id, "reference_id": reference_id, "at": now}
    session.execute(maker.insert(Favourite).values(**row).on_conflict_do_nothing(index_elements=["person_id", "reference_id"]))
