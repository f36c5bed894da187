"""Seeing contact details: what is shown is written down in the same transaction, so nothing is shown that nobody can read of later."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.accounts.models import ContactView
from portal.accounts.queries.seeing import Contact, contacts_for
from portal.accounts.rules.refusals import ContactHidden
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.people.queries.knowing import require_known
from portal.people.queries.persons import get_person


def see_contact(session: Session, actor: Actor, *, person_id: int, place: str, now: datetime) -> Contact:
    """Return how a person is reached, and write down that ``actor`` saw it on ``place``. Refuses ContactHidden, and NotFound
    for whom the actor may not know of, as for nobody.
    """
    found = see_contacts(session, actor, person_ids=[person_id], place=place, now=now)
    if person_id not in found:
        require_known(session, actor, person_id)
        raise ContactHidden(name=get_person(session, person_id).name)
    return found[person_id]


def see_contacts(session: Session, actor: Actor, *, person_ids: Collection[int], place: str, now: datetime) -> Mapping[int, Contact]:
    """Return how those of ``person_ids`` are reached whom ``actor`` may see, each view written down; the others are left out.

    Somebody's own address is theirs, and seeing it is no view. Only people see (``NotFound`` for the portal itself).
    """
    if actor.id is None:
        raise NotFound()
    found = {person_id: contact for person_id, contact in contacts_for(session, actor, person_ids).items() if contact is not None}
    note_views(session, actor, found, place, now)
    return found


def note_views(session: Session, actor: Actor, person_ids: Iterable[int], place: str, now: datetime) -> None:
    """Write down that ``actor`` saw how these people are reached: for pages that show what their reader may see (``web.showing``)."""
    rows = [{"person_id": one, "viewer_id": actor.id, "place": place, "at": now} for one in person_ids if one != actor.id]
    if rows:
        session.execute(insert(ContactView), rows)
