"""Writing down who was given a role or permission with which they may decide, when and by whom."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.people.models import Person, PowerGrant
from portal.people.queries.reviewing import grants_of
from portal.people.rules.granting import POWERS


def note_given(session: Session, actor: Actor, *, person_id: int, powers: Iterable[str], now: datetime) -> None:
    """Note that ``actor`` gave the person ``powers`` now; other roles are nothing to note. What was taken away stays noted as it was given.

    The caller made the person, or holds their row.
    """
    for power in sorted(set(powers) & set(POWERS)):
        row = session.get(PowerGrant, (person_id, power)) or PowerGrant(person_id=person_id, power=power)
        row.given_by_id, row.given_at = actor.id, now
        session.add(row)
    session.flush()


def note_given_anew(session: Session, actor: Actor, person: Person, *, now: datetime) -> None:
    """Note that ``actor`` gave the person all that they hold now: let them in again, or said whose mailbox opens their account."""
    note_given(session, actor, person_id=person.id, powers={*person.roles, *grants_of(session, person.id).names}, now=now)
