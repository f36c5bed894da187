"""Nominations for tests, through the real actions."""

from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.people.models import Person
from portal.references.actions.nominate import nominate
from portal.references.models import Nomination
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
