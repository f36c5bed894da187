"""Deactivating, reactivating and roles."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import ADMIN, Actor
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.kernel.text import clean
from portal.people.actions.changes import announce
from portal.people.actions.granting import note_given, note_given_anew
from portal.people.actions.links import drop_links
from portal.people.actions.sessions import end_sessions
from portal.people.models import Company, Person
from portal.people.queries.persons import get_person
from portal.people.rules.person import (
    REASON_LENGTH,
    NotDeactivated,
    OwnDeactivation,
    PersonDeactivated,
    PersonState,
    ReasonMissing,
    require_role_change,
    require_roles,
)


def deactivate_person(session: Session, actor: Actor, *, person_id: int, reason: str = "", now: datetime) -> None:
    """Shut a person out: sessions and links die at once, history and points stay, companies they own have no owner.

    Refuses without a reason (``ReasonMissing``), oneself (``OwnDeactivation``), who is deactivated already, and an
    admin who lost the role a moment ago to the one they shut out (``NotAllowed``).
    """
    if actor.id == person_id:
        raise OwnDeactivation()
    reason = clean(reason)[:REASON_LENGTH]
    if not reason:
        raise ReasonMissing()
    person = get_person(session, person_id)
    if person.is_admin:
        _require_still_admin(session, actor)
    shut = update(Person).where(Person.id == person_id, Person.state != PersonState.DEACTIVATED)
    if not session.execute(shut.values(state=PersonState.DEACTIVATED, deactivated_at=now, deactivation_reason=reason)).rowcount:  # type: ignore[attr-defined]
        raise PersonDeactivated(name=person.name)
    session.refresh(person)
    end_sessions(session, person_id)
    drop_links(session, person_id)
    session.execute(update(Company).where(Company.owner_id == person_id).values(owner_id=None))
    announce(session, person_id)
    record(session, actor, "person.deactivated", "person", person_id, now=now, reason=reason)


def reactivate_person(session: Session, actor: Actor, *, person_id: int, now: datetime) -> None:
    """Let a person back in where they stood: active if they had joined, contact otherwise. Refuses who is not deactivated."""
    person = get_person(session, person_id)
    can_sign_in = person.joined_at is not None and person.password_hash is not None and person.email_key is not None
    state = PersonState.ACTIVE if can_sign_in else PersonState.CONTACT
    back = update(Person).where(Person.id == person_id, Person.state == PersonState.DEACTIVATED)
    if not session.execute(back.values(state=state, deactivated_at=None, deactivation_reason=None)).rowcount:  # type: ignore[attr-defined]
        raise NotDeactivated(name=person.name)
    session.refresh(person)
    note_given_anew(session, actor, person, now=now)
    announce(session, person_id)
    record(session, actor, "person.reactivated", "person", person_id, now=now, state=state)


def change_roles(session: Session, actor: Actor, *, person_id: int, roles: Iterable[str], now: datetime, seen: str | None = None) -> bool:
    """Give a person exactly ``roles`` and return whether anything differed. Their sessions end: they sign in anew with what they now may.

    Refuses none (``RoleMissing``), to take one's own admin role (``OwnAdminRole``), an admin who lost the role a
    moment ago to the one they take it from (``NotAllowed``), and what changed since it was ``seen`` (``ChangedMeanwhile``).
    """
    wanted = require_roles(roles)
    require_role_change(actor, person_id, wanted)
    person = get_person(session, person_id)
    if ADMIN in person.roles and not wanted.is_admin:
        # All admins first, in one order, then the one: two who take the role from each other wait for one another.
        _require_still_admin(session, actor)
    session.refresh(person, with_for_update={"key_share": True})
    before = person.roles
    if before == frozenset(roles):
        return False
    require_seen(seen_roles(before), seen)
    for flag, held in asdict(wanted).items():
        setattr(person, flag, held)
    session.flush()
    note_given(session, actor, person_id=person_id, powers=person.roles - before, now=now)
    if actor.id != person_id:
        end_sessions(session, person_id)
    announce(session, person_id)
    record(session, actor, "person.roles_changed", "person", person_id, now=now, before=sorted(before), after=sorted(person.roles))
    return True


def seen_roles(roles: frozenset[str]) -> dict[str, object]:
    """Return what the form that admins edit shows of somebody's roles."""
    return {"roles": sorted(roles)}


def _require_still_admin(session: Session, actor: Actor) -> None:
    """Refuse an admin who is none any more: of two who take the role from each other at once, the second would leave nobody. Locks all admins."""
    locked = select(Person.id).where(Person.is_admin, Person.state == PersonState.ACTIVE).order_by(Person.id).with_for_update()
    if not actor.is_system and actor.id not in session.scalars(locked).all():
        raise NotAllowed()
