"""Whom staff may ask: finding one by what was typed, names to choose from, and the list of everybody."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.acts.rules.refusals import OneOfTwo, WhoUnclear, WhoUnknown
from portal.kernel.ids import MOST_ID
from portal.kernel.text import clean_line, fold, like_pattern, normal_email
from portal.people.models import Company, Person
from portal.people.queries.persons import find_person_by_email
from portal.people.rules.person import PersonState
from portal.web.paging import Page, page_by

OFFERED = 20
_NUMBERED = re.compile(r"\(#(\d{1,19})\)$|^#?(\d{1,19})$")
ASKABLE = (Person.is_advocate, Person.state != PersonState.DEACTIVATED)


def find_asked(session: Session, typed: str) -> Person:
    """Return the customer's person whom somebody typed: chosen from the list, by e-mail address, or by a name that only one has.

    Refuses WhoUnknown and WhoUnclear.
    """
    text = clean_line(typed)
    if numbered := _NUMBERED.search(text):
        person_id = int(numbered[1] or numbered[2])
        person = session.get(Person, person_id) if person_id <= MOST_ID else None
        if person is not None and person.is_advocate:
            return person
    elif "@" in text:
        person = find_person_by_email(session, text)
        if person is not None and person.is_advocate:
            return person
    else:
        called = session.scalars(select(Person).where(Person.name_key == fold(text), *ASKABLE).order_by(Person.id).limit(2)).all()
        if len(called) > 1:
            raise WhoUnclear(text=text[:80])
        if called:
            return called[0]
    raise WhoUnknown(text=text[:80])


def person_of(session: Session, person_id: int | None, email: str | None) -> int:
    """Return the customer's person whom another system names, by number or by address, not both. Refuses OneOfTwo and WhoUnknown."""
    if (person_id is None) == (email is None):
        raise OneOfTwo()
    person = session.get(Person, person_id) if person_id is not None else find_person_by_email(session, email)
    if person is None or not person.is_advocate:
        raise WhoUnknown(text=str(person_id or email)[:80])
    return person.id


def label_of(name: str, company: str | None, person_id: int) -> str:
    """Return how somebody is written in the list to choose from: ``find_asked`` finds them by it, whoever else has the name."""
    return f"{', '.join(filter(None, (name, company)))} (#{person_id})"


def names_to_ask(session: Session, term: str) -> list[str]:
    """Return labels of people whose name or company holds ``term``, or whose address it is."""
    key = clean_line(term)
    if not key or _NUMBERED.search(key):
        return []
    rows = session.execute(_people(key).order_by(Person.name_key, Person.id).limit(OFFERED))
    return [label_of(row.name, row.company, row.id) for row in rows]


def people_to_ask(session: Session, *, q: str | None = None, company_id: int | None = None, after: str | None = None) -> Page:
    """Return a page of (id, name, title, company_id, company) by name."""
    return page_by(session, _people(q or "", company_id), [(Person.name_key, False), (Person.id, False)], after=after)


def everybody_to_ask(session: Session, *, q: str | None = None) -> Sequence[Any]:
    """Return everybody whom the list shows under its search, by name."""
    return session.execute(_people(q or "").order_by(Person.name_key, Person.id)).all()


def approvers(session: Session, without: Sequence[int | None]) -> list[tuple[int, str]]:
    """Return (id, name) of the admins who may approve an override, but for ``without``."""
    barred = [person_id for person_id in without if person_id is not None]
    found = select(Person.id, Person.name).where(Person.is_admin, Person.state == PersonState.ACTIVE, Person.id.not_in(barred))
    return [(row.id, row.name) for row in session.execute(found.order_by(Person.name_key, Person.id))]


def _people(term: str, company_id: int | None = None) -> Any:
    columns = (Person.id, Person.name, Person.title, Person.company_id, Company.name.label("company"))
    found: Any = select(*columns).outerjoin(Company, Company.id == Person.company_id).where(*ASKABLE)
    if term:
        # By a whole address, never by a part of one: that would tell addresses to whoever tries long enough.
        by_name = like_pattern(fold(term))
        named = (column.like(by_name, escape="\\") for column in (Person.name_key, Company.name_key))
        found = found.where(or_(*named, Person.email_key == (normal_email(term) or "")))
    return found if company_id is None else found.where(Person.company_id == company_id)
