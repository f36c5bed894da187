"""Asks for tests, through the real actions."""

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.actions.asking import propose_ask
from portal.acts.actions.outside import log_outside_ask
from portal.acts.models.asks import Ask
from portal.kernel.actor import ADMIN, ADVOCATE, EMPLOYEE, Actor
from portal.kernel.clock import utcnow

_numbers = count(1)


def by_employee(person_id: int) -> Actor:
    """Return a person as an employee who acts."""
    return Actor(id=person_id, roles=frozenset({EMPLOYEE}), origin="127.0.0.1")


def by_admin(person_id: int) -> Actor:
    """Return a person as an admin who acts."""
    return Actor(id=person_id, roles=frozenset({ADMIN}), origin="127.0.0.1")


def by_advocate(person_id: int) -> Actor:
    """Return a person as an advocate who acts."""
    return Actor(id=person_id, roles=frozenset({ADVOCATE}), origin="127.0.0.1")


def make_ask(session: Session, actor: Actor, person_id: int, **overrides: Any) -> Ask:
    """Ask somebody for a call, now, with a fresh key."""
    given: dict[str, Any] = {"kind": "call", "key": f"ask-{next(_numbers)}", "now": utcnow()}
    return propose_ask(session, actor, person_id=person_id, **given | overrides)


def log_ask(session: Session, actor: Actor, person_id: int, happened_at: datetime, **overrides: Any) -> Ask:
    """Write down a call that somebody was asked for elsewhere."""
    given: dict[str, Any] = {"kind": "call", "key": f"log-{next(_numbers)}", "asked_by_id": actor.id, "now": utcnow()}
    return log_outside_ask(session, actor, person_id=person_id, happened_at=happened_at, **given | overrides)
