"""Invitation and joining: contact → invited → active."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.notifications.actions import notify
from portal.notifications.rules import Recipient
from portal.people.actions.links import drop_links, make_link, spend_link
from portal.people.models import Person
from portal.people.queries.persons import get_person
from portal.people.rules.link import LinkSpent, Purpose
from portal.people.rules.password import NewPassword
from portal.people.rules.person import AlreadyJoined, EmailMissing, PersonDeactivated, PersonState

JOIN = "/join?t="


def invite_person(session: Session, actor: Actor, *, person_id: int, mail: bool = True, mail_at: datetime | None = None, now: datetime) -> str:
    """Invite a contact, or invite again, and return the path of the one-time link. The mail carries the same link.

    ``mail_at`` keeps the mail back until then, so that it can still be stopped.
    Refuses without an address (``EmailMissing``), who joined (``AlreadyJoined``) and who is
    deactivated (``PersonDeactivated``). An earlier invitation's link is worth nothing from here on.
    """
    person = get_person(session, person_id)
    require_invitable(person)
    drop_links(session, person.id, Purpose.INVITE)
    token = make_link(session, person_id=person.id, purpose=Purpose.INVITE, now=now)
    asked = update(Person).where(Person.id == person.id, Person.state.in_((PersonState.CONTACT, PersonState.INVITED)))
    if not session.execute(asked.values(state=PersonState.INVITED, invited_at=now)).rowcount:  # type: ignore[attr-defined]
        raise AlreadyJoined(name=person.name)
    session.refresh(person)
    link = f"{JOIN}{token}"
    if mail:
        # Not into the inbox, which nobody can open yet: the link would stay readable there.
        to = Recipient(person_id=None, email=person.email, name=person.name, language=person.language)
        notify(
            session, to=to, kind="invitation", data={"name": person.name}, key=invitation_key(person.id, link), now=now, link=link, mail_at=mail_at
        )
    record(session, actor, "person.invited", "person", person.id, now=now, by_mail=mail)
    return link


def invitation_key(person_id: int, link: str) -> str:
    """Return the key under which an invitation is told; ``link`` is its path, of which too little stands here to open it."""
    return f"invitation:{person_id}:{link.removeprefix(JOIN)[:12]}"


def uninvite_person(session: Session, actor: Actor, *, person_id: int, invited_at: datetime, now: datetime) -> bool:
    """Let who was invited at ``invited_at`` be a contact again, whose links open nothing; tells whether that invitation still stood."""
    back = update(Person).where(Person.id == person_id, Person.state == PersonState.INVITED, Person.invited_at == invited_at)
    moved = session.execute(back.values(state=PersonState.CONTACT, invited_at=None).execution_options(synchronize_session=False))
    if not moved.rowcount:  # type: ignore[attr-defined]
        return False
    session.refresh(get_person(session, person_id))
    drop_links(session, person_id, Purpose.INVITE)
    record(session, actor, "person.invitation_recalled", "person", person_id, now=now)
    return True


def require_invitable(person: Person) -> None:
    """Refuse to invite who has no address, is in already or is shut out."""
    if person.state == PersonState.DEACTIVATED:
        raise PersonDeactivated(name=person.name)
    if person.state == PersonState.ACTIVE:
        raise AlreadyJoined(name=person.name)
    if person.email is None:
        raise EmailMissing(name=person.name)


def join(session: Session, actor: Actor, *, token: str, password: NewPassword, now: datetime) -> Person:
    """Spend an invitation, keep the password and make the person active.

    Refuses a link that is spent (``LinkSpent``). Lets nobody in by itself: the door opens the session.
    """
    person, _ = spend_link(session, token=token, purpose=Purpose.INVITE, now=now)
    joined = (
        update(Person)
        .where(Person.id == person.id, Person.state == PersonState.INVITED)
        .values(state=PersonState.ACTIVE, joined_at=now, password_hash=password.hashed, password_changed_at=now)
    )
    if not session.execute(joined).rowcount:  # type: ignore[attr-defined]
        raise LinkSpent()
    session.refresh(person)
    drop_links(session, person.id)
    actor = Actor(id=person.id, roles=person.roles, origin=actor.origin, request_id=actor.request_id)
    record(session, actor, "person.joined", "person", person.id, now=now)
    return person
