"""Seeing the address and telephone of somebody who was nominated and is not here yet: written down with the nomination, as there is no person."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts.actions.seeing import see_contact
from portal.accounts.queries.seeing import Contact
from portal.accounts.rules.refusals import ContactHidden
from portal.accounts.rules.seeing import Place
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.references.models.nominating import Nomination
from portal.references.queries.nominations import may_see_nominee, phones_for, require_nominee_known


def see_nominee(session: Session, actor: Actor, *, nomination_id: int, now: datetime) -> Contact:
    """Return the address under which somebody was nominated, and the telephone numbers that came with it.

    Who is a person here by now is seen as that person.

    Refuses NotFound, also to whoever may not read who that is, and ContactHidden.
    """
    nomination = session.get(Nomination, nomination_id)
    if nomination is None:
        raise NotFound()
    if not may_see_nominee(session, actor, nomination_id):
        require_nominee_known(session, actor, nomination)
        raise ContactHidden(name=nomination.name)
    if nomination.person_id is not None:
        seen = see_contact(session, actor, person_id=nomination.person_id, place=Place.NOMINATION, now=now)
        return replace(seen, phones=phones_for(session, actor, nomination))
    record(session, actor, "nomination.contact_seen", "nomination", nomination.id, now=now)
    return Contact(0, nomination.name, nomination.email, phones_for(session, actor, nomination))
