"""Signing in, in three steps: count the try, verify the password outside any transaction, open the session.

In steps because verifying takes 50 ms of purpose, during which on SQLite nobody else could write,
and because a try that fails must stay counted.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.text import normal_email
from portal.people.actions.sessions import open_session
from portal.people.actions.throttles import count_try, forget_tries, sweep_throttles, take_back_try
from portal.people.models import Person
from portal.people.queries.persons import find_person_by_email
from portal.people.rules.person import PersonState
from portal.people.rules.session import SignInWrong
from portal.people.rules.throttle import ACCOUNT, ADDRESS, network


@dataclass(frozen=True)
class Candidate:
    """Who might be signing in. For nobody both are empty, and the verification costs the same."""

    person_id: int | None
    password_hash: str | None


def count_sign_in(session: Session, *, email: str, origin: str, now: datetime) -> Candidate:
    """Count a try against the account and the address and return whose password to verify. Refuses with ``TooManyTries`` or ``TooSoon``."""
    count_try(session, ADDRESS, network(origin), now)
    count_try(session, ACCOUNT, normal_email(email) or "", now)
    person = find_person_by_email(session, email)
    if person is None or person.state != PersonState.ACTIVE:
        return Candidate(None, None)
    return Candidate(person.id, person.password_hash)


def finish_sign_in(
    session: Session, actor: Actor, *, candidate: Candidate, is_kept: bool, allow_demo: bool, browser: str, new_hash: str | None, now: datetime
) -> str:
    """Open a session for whoever gave the right password and return its token. ``new_hash`` replaces a hash made at a lower cost.

    Refuses (``SignInWrong``) who was deactivated, or got another password, in the meantime.
    """
    same = select(Person).where(Person.id == candidate.person_id, Person.state == PersonState.ACTIVE, Person.password_hash == candidate.password_hash)
    person = session.scalar(same.with_for_update())
    if person is None or (person.is_demo and not allow_demo):
        raise SignInWrong()
    if new_hash is not None:
        person.password_hash = new_hash
    forget_tries(session, ACCOUNT, person.email_key or "")
    take_back_try(session, ADDRESS, network(actor.origin))
    sweep_throttles(session, now)
    token = open_session(session, person, is_kept=is_kept, origin=actor.origin, browser=browser, now=now)
    actor = Actor(id=person.id, roles=person.roles, origin=actor.origin, request_id=actor.request_id)
    record(session, actor, "person.signed_in", "person", person.id, now=now)
    return token
