"""Nominations for tests, through the real actions."""

from itertools import count
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.people.models import Person
from portal.profiles.rules.activity import Activity
from portal.references.actions.nominate import nominate
from portal.references.models.nominating import Nomination, NominationActivity
from tests.factories.people import make_employee

_numbers = count(1)


def acting(person: Person) -> Actor:
    """Return the person as the one who acts."""
    return Actor(id=person.id, roles=person.roles, origin="127.0.0.1")


def make_nomination(session: Session, nominator: Person | None = None, **overrides: Any) -> Nomination:
    """Let an employee (a fresh one if not given) nominate somebody new."""
    number = next(_numbers)
    given = {
        "key": f"nomination-{number}",
        "name": f"Nominee {number}",
        "email": f"nominee{number}@customer.example",
        "company": f"Works {number}",
        "why": "Tells it well.",
        "now": utcnow(),
    }
    return nominate(session, acting(nominator or make_employee(session)), **{**given, **overrides})


def make_nomination_rows(session: Session, nominator: Person, number: int) -> None:
    """Add nominations of somebody new as rows like one that was really made, past the action: a thousand through it would take a minute."""
    made = make_nomination(session, nominator, activities=[Activity.CALL])
    same = {column.name: getattr(made, column.name) for column in Nomination.__table__.columns if column.name != "id"}
    names = [f"{made.key}-{n}" for n in range(number - 1)]
    own = (
        {"key": name, "name": name, "name_key": name, "email": f"{name}@customer.example", "email_key": f"{name}@customer.example"} for name in names
    )
    session.execute(insert(Nomination), [same | row for row in own])
    ids = session.scalars(select(Nomination.id).where(Nomination.key.in_(names)))
    session.execute(insert(NominationActivity), [{"nomination_id": found, "activity": Activity.CALL} for found in ids])
