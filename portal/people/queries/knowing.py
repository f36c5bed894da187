"""Whom a reader may know by name. Rooms above hand in the rule (``app.py``): who stands behind a veiled reference is for admins and owners.

Every list, file, search and offer of customers' people that employees can open asks here, and so do the pages of one of them.
"""

from collections.abc import Callable, Iterable

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.people.models import Person

KNOWN = "known_people"
"""Under this name sessions have the ``Rule``. Without one everybody is known."""
READER = "reader"
"""The name of the rule's one value, by which a statement that is kept is run for another reader."""
AT_ONCE = 500
Rule = Callable[[int], ColumnElement[bool]]
"""Makes, for the id of somebody who is no admin, the condition over ``Person`` that they may know who this is."""


def rule_for(session: Session, actor: Actor) -> Rule | None:
    """Return what narrows the people whom ``actor`` reads of; None where nothing does, as for admins and the portal itself."""
    rule: Rule | None = session.info.get(KNOWN)
    return None if actor.is_admin else rule


def known_to(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Return the condition over ``Person`` that ``actor`` may know who this is."""
    rule = rule_for(session, actor)
    return true() if rule is None else rule(actor.id or 0)


def knows(session: Session, actor: Actor, person_ids: Iterable[int]) -> frozenset[int]:
    """Return those of ``person_ids`` of whom ``actor`` may know who they are."""
    ids, condition = sorted(set(person_ids)), known_to(session, actor)
    found: set[int] = set()
    for start in range(0, len(ids), AT_ONCE):
        found |= set(session.scalars(select(Person.id).where(Person.id.in_(ids[start : start + AT_ONCE]), condition)))
    return frozenset(found)


def require_known(session: Session, actor: Actor, person_id: int) -> None:
    """Refuse ``NotFound`` for somebody whom ``actor`` may not know of, as for nobody: one answer for both."""
    if person_id not in knows(session, actor, [person_id]):
        raise NotFound()
