"""Employees whom somebody names by typing: in whose name they nominate, and who looks after an account."""

import re

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from portal.kernel.errors import Refusal
from portal.kernel.text import clean_line, fold, like_pattern, normal_email
from portal.people.models import Person
from portal.people.rules.person import PersonState
from portal.references.rules.nominating import ColleagueUnclear, ColleagueUnknown, OwnerUnclear, OwnerUnknown

OFFERED = 8
_LABEL = re.compile(r"\(([^()\s]+@[^()\s]+)\)$")


def label_of(name: str, email: str | None) -> str:
    """Return how somebody stands in a list to choose from: their name, and the address that tells them from others of the same name."""
    return f"{name} ({email})" if email else name


def may_stand_for(*, with_admins: bool = False) -> ColumnElement[bool]:
    """Return the condition of who may be named as a colleague: employees who have joined. ``with_admins``: as an account's owner, for whom
    it is enough not to be deactivated.
    """
    if with_admins:
        return or_(Person.is_employee, Person.is_admin) & (Person.state != PersonState.DEACTIVATED)
    return Person.is_employee & (Person.state == PersonState.ACTIVE)


def colleagues_to_choose(session: Session, term: str | None, *, without: int | None = None, with_admins: bool = False) -> list[str]:
    """Return the labels of the first few whose name or address holds ``term``; nobody for none, and for one who is chosen already."""
    key = fold(clean_line(term))
    if not key or _LABEL.search(clean_line(term)):
        return []
    held = or_(Person.name_key.like(like_pattern(key), escape="\\"), Person.email_key.like(like_pattern(key), escape="\\"))
    found = select(Person.name, Person.email).where(may_stand_for(with_admins=with_admins), held, Person.id != (without or 0))
    return [label_of(row.name, row.email) for row in session.execute(found.order_by(Person.name_key, Person.id).limit(OFFERED))]


def colleagues_called(session: Session, typed: str | None, *, without: int | None = None, with_admins: bool = False) -> list[int]:
    """Return who is meant by what somebody typed: one chosen from the list, an address, or a name; at most two, so that one is told from several."""
    text = clean_line(typed)
    chosen = _LABEL.search(text)
    key = normal_email(chosen[1] if chosen else text)
    same = Person.email_key == key if chosen or "@" in text else Person.name_key == fold(text)
    found = select(Person.id).where(may_stand_for(with_admins=with_admins), same, Person.id != (without or 0))
    return list(session.scalars(found.order_by(Person.id).limit(2)))


def find_colleague(session: Session, typed: str | None, *, own_id: int) -> int | None:
    """Return in whose name somebody nominates, None for nothing typed. Refuses ``ColleagueUnknown`` and ``ColleagueUnclear``."""
    found = colleagues_called(session, typed, without=own_id)
    return _one(found, typed, ColleagueUnknown, ColleagueUnclear)


def find_owner(session: Session, typed: str | None) -> int | None:
    """Return who looks after an account, None for nothing typed. Refuses ``OwnerUnknown`` and ``OwnerUnclear``."""
    found = colleagues_called(session, typed, with_admins=True)
    return _one(found, typed, OwnerUnknown, OwnerUnclear)


def _one(found: list[int], typed: str | None, unknown: type[Refusal], unclear: type[Refusal]) -> int | None:
    text = clean_line(typed)
    if not text:
        return None
    if len(found) != 1:
        raise (unclear if found else unknown)(text=text[:80])
    return found[0]
