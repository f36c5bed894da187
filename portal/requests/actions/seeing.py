"""Seeing how a prospect is reached: written down with the request, as a prospect is no person here."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts.queries.seeing import Contact
from portal.accounts.rules.refusals import ContactHidden
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.requests.actions.moving import SOURCE
from portal.requests.queries.parties import holder_of, request_for, settled_of
from portal.requests.rules.roles import may_see_prospect, typed_prospect


def see_prospect(session: Session, actor: Actor, *, request_id: int, now: datetime) -> Contact:
    """Return the address of whoever takes part for the prospect, and where they said that they are called. Seeing one's own request is no view.

    Refuses RequestUnknown, also to whoever may not read the request, and ContactHidden.
    """
    request, parties = request_for(session, actor, request_id)
    name = request.prospect_contact or request.prospect
    if not may_see_prospect(actor, parties):
        raise ContactHidden(name=name)
    if not typed_prospect(actor, parties):
        record(session, actor, "request.prospect_seen", SOURCE, request_id, now=now)
    holder = holder_of(session, request_id)
    meeting = settled_of(session, holder.id) if holder is not None else None
    return Contact(0, name, request.prospect_email or None, (meeting.place,) if meeting is not None and meeting.place else ())
