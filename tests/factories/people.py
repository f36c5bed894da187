"""People and companies for tests, through the real actions. Everybody's password is ``PASSWORD``, hashed cheaply."""

from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.people.actions.companies import add_company
from portal.people.actions.joining import JOIN, invite_person, join
from portal.people.actions.persons import add_person
from portal.people.models import Company, Person
from portal.people.rules.password import Hasher, NewPassword, Policy
from portal.people.rules.person import PersonState

PASSWORD = "maple ladder quiet seven"
CHEAP = Hasher(memory_kib=8, time_cost=1)
POLICY = Policy(min_length=15)
_numbers = count(1)


@cache
def chosen(password: str = PASSWORD) -> NewPassword:
    """Return a password as the door hands it on."""
    return CHEAP.accept(password, POLICY)


def make_company(session: Session, **overrides: Any) -> Company:
    """Add a company with a fresh name."""
    given = {"name": f"Company {next(_numbers)}", "industry": "Logistics", "region": "Bavaria", "country": "Germany"} | overrides
    return add_company(session, system("test"), **{"now": utcnow(), **given})


def make_contact(session: Session, **overrides: Any) -> Person:
    """Add a person who has not joined. ``email=None`` for one without an address."""
    number = next(_numbers)
    given = {"name": f"Person {number}", "email": f"person{number}@customer.example"} | overrides
    return add_person(session, system("test"), **{"now": utcnow(), **given})


def make_person(session: Session, **overrides: Any) -> Person:
    """Add a person who has joined: an active advocate unless ``roles`` says otherwise. Without an address they stay a contact.

    What an invitation and its link leave behind is written at once, without either: nearly every test needs people, and some need many.
    ``tests/people/test_factories.py`` holds the two ways together.
    """
    person = make_contact(session, **overrides)
    if person.email is None:
        return person
    now: datetime = overrides.get("now") or utcnow()
    person.state, person.invited_at, person.joined_at = PersonState.ACTIVE, now, now
    person.password_hash, person.password_changed_at = chosen().hashed, now
    record(session, system("test"), "person.invited", "person", person.id, now=now, by_mail=False)
    record(session, replace(system("test"), id=person.id, roles=person.roles), "person.joined", "person", person.id, now=now)
    session.flush()
    return person


def join_by_link(session: Session, **overrides: Any) -> Person:
    """Add a person, invite them and let them join, as it is done for real."""
    person = make_contact(session, **overrides)
    now: datetime = overrides.get("now") or utcnow()
    link = invite_person(session, system("test"), person_id=person.id, mail=False, now=now)
    return join(session, system("test"), token=link.removeprefix(JOIN), password=chosen(), now=now)


def make_employee(session: Session, **overrides: Any) -> Person:
    """Add an active employee."""
    return make_person(session, **{"roles": {"employee"}, **overrides})


def make_admin(session: Session, **overrides: Any) -> Person:
    """Add an active admin."""
    return make_person(session, **{"roles": {"admin"}, **overrides})
