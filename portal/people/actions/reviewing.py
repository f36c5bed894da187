"""Granting the permission to review."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.people.actions.granting import note_given
from portal.people.models import Reviewer
from portal.people.queries.persons import get_person
from portal.people.queries.reviewing import grants_of
from portal.people.rules.person import PersonDeactivated, PersonState
from portal.people.rules.reviewing import Grants, require_grants


def grant_reviewing(session: Session, actor: Actor, *, person_id: int, grants: Iterable[str], now: datetime, seen: str | None = None) -> bool:
    """Let a person decide on exactly ``grants`` of the queue, none takes it all away; tells whether anything differed. It holds from the next click.

    Refuses who is no admin (``NotAllowed``), a deactivated person, unknown permissions, and what changed since it was ``seen``
    (``ChangedMeanwhile``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    person, wanted = get_person(session, person_id), require_grants(grants)
    session.refresh(person, with_for_update={"key_share": True})
    before = grants_of(session, person_id)
    if wanted == before:
        return False
    require_seen(seen_grants(before), seen)
    if wanted.any and person.state == PersonState.DEACTIVATED:
        raise PersonDeactivated(name=person.name)
    row = session.get(Reviewer, person_id)
    if row is not None and not wanted.any:
        session.delete(row)
    else:
        row = row or Reviewer(person_id=person_id)
        row.attempts, row.redemptions, row.nominations = wanted.attempts, wanted.redemptions, wanted.nominations
        row.granted_by_id, row.granted_at = actor.id, now
        session.add(row)
    note_given(session, actor, person_id=person_id, powers=set(wanted.names) - set(before.names), now=now)
    record(session, actor, "person.reviewing_changed", "person", person_id, now=now, before=asdict(before), after=asdict(wanted))
    return True


def seen_grants(grants: Grants) -> dict[str, object]:
    """Return what the form that admins edit shows of what somebody may review."""
    return {"grants": grants.names}
