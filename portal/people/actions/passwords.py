"""Changing a password: forgotten, by a link, or from the profile."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.ids import new_key
from portal.kernel.text import normal_email
from portal.notifications.actions import enqueue, notify
from portal.notifications.rules import Recipient
from portal.people.actions.joining import invite_person
from portal.people.actions.links import drop_links, make_link, spend_link
from portal.people.actions.sessions import end_sessions, open_session
from portal.people.actions.throttles import count_try
from portal.people.models import Person, SignInSession
from portal.people.queries.persons import find_person_by_email, get_person, recipient
from portal.people.rules.link import LinkSpent, Purpose
from portal.people.rules.password import NewPassword
from portal.people.rules.person import PersonState
from portal.people.rules.throttle import RESET_ACCOUNT, RESET_ADDRESS, TooManyTries, network

RESET = "/reset?t="
RESET_TOPIC = "people.reset"


def ask_reset(session: Session, *, email: str, origin: str, now: datetime) -> None:
    """Note that somebody forgot the password of this address, and do nothing else: who is here is found out by a job.

    So known and unknown addresses get the same answer after the same work. Three mails an hour for
    one address, what is more is swallowed; refuses a visitor who asks too often (``TooManyTries``).
    """
    count_try(session, RESET_ADDRESS, network(origin), now)
    try:
        count_try(session, RESET_ACCOUNT, normal_email(email) or "", now)
    except TooManyTries:
        return
    enqueue(session, topic=RESET_TOPIC, payload={"email": email, "ask": new_key()}, key=None, now=now)


def send_reset(session: Session, actor: Actor, *, email: str, ask: str, now: datetime) -> None:
    """Mail a link to whoever has this address: to members for a new password, to the invited their invitation, to others nothing."""
    person = find_person_by_email(session, email)
    if person is None:
        return
    if person.state == PersonState.INVITED:
        invite_person(session, actor, person_id=person.id, now=now)
    elif person.state == PersonState.ACTIVE:
        to = Recipient(person_id=None, email=person.email, name=person.name, language=person.language)
        notify(
            session,
            to=to,
            kind="password_reset",
            data={"name": person.name},
            key=f"password_reset:{ask}",
            now=now,
            link=reset_link(session, person, now),
        )
        record(session, actor, "person.password_reset_asked", "person", person.id, now=now)


def reset_link(session: Session, person: Person, now: datetime) -> str:
    """Make a link for a new password and return its path."""
    return RESET + make_link(session, person_id=person.id, purpose=Purpose.RESET, now=now)


def reset_password(session: Session, actor: Actor, *, token: str, password: NewPassword, now: datetime) -> Person:
    """Spend a link and keep the new password; every session ends. Refuses a spent link (``LinkSpent``)."""
    person, _ = spend_link(session, token=token, purpose=Purpose.RESET, now=now)
    if person.state != PersonState.ACTIVE:
        raise LinkSpent()
    _keep(session, person, password, now)
    actor = Actor(id=person.id, roles=person.roles, origin=actor.origin, request_id=actor.request_id)
    record(session, actor, "person.password_changed", "person", person.id, now=now, by="link")
    return person


def change_password(session: Session, actor: Actor, *, session_id: int, password: NewPassword, now: datetime) -> str:
    """Keep the actor's new password, end all their sessions and open this one anew; returns its token. The door has verified the current one."""
    assert actor.id is not None
    person = get_person(session, actor.id)
    here = session.get_one(SignInSession, session_id)
    is_kept, origin, browser = here.is_kept, here.origin, here.browser
    _keep(session, person, password, now)
    record(session, actor, "person.password_changed", "person", person.id, now=now, by="profile")
    return open_session(session, person, is_kept=is_kept, origin=origin, browser=browser, now=now)


def _keep(session: Session, person: Person, password: NewPassword, now: datetime) -> None:
    person.password_hash = password.hashed
    person.password_changed_at = now
    session.flush()
    end_sessions(session, person.id)
    drop_links(session, person.id, Purpose.RESET)
    data: dict[str, Any] = {"name": person.name}
    notify(
        session, to=recipient(session, person.id), kind="password_changed", data=data, key=f"password_changed:{new_key()}", now=now, link="/forgotten"
    )
