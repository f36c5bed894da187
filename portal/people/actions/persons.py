"""Adding a person, and what admins change about one: fields, roles, address."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import ADVOCATE, Actor
from portal.kernel.db import violated
from portal.kernel.text import clean_line, fold, normal_email
from portal.ledger.actions.accounts import open_accounts
from portal.people.actions.granting import note_given
from portal.people.models import Person, PersonIdentity
from portal.people.queries.companies import get_company
from portal.people.rules.person import (
    NAME_LENGTH,
    TITLE_LENGTH,
    EmailTaken,
    NameMissing,
    PersonState,
    require_email_shape,
    require_roles,
    require_time_zone,
)


def add_person(
    session: Session,
    actor: Actor,
    *,
    name: str,
    email: str | None = None,
    roles: Iterable[str] = frozenset({ADVOCATE}),
    company_id: int | None = None,
    title: str = "",
    language: str | None = None,
    time_zone: str | None = None,
    is_demo: bool = False,
    key: str | None = None,
    now: datetime,
) -> Person:
    """Add a person as contact, with accounts for points. The same ``key`` a second time returns the first person.

    Refuses an empty name (``NameMissing``), no or unknown roles, an address without the shape of
    one (``EmailInvalid``) and one that somebody has in any spelling (``EmailTaken``).
    """
    held = require_roles(roles)
    require_time_zone(time_zone)
    if company_id is not None:
        get_company(session, company_id)
    person = Person(
        **named(name),
        **addressed(email),
        state=PersonState.CONTACT,
        company_id=company_id,
        title=clean_line(title)[:TITLE_LENGTH],
        **asdict(held),
        is_demo=is_demo,
        language=language,
        time_zone=time_zone,
        made_by=key,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError as error:
        if key is not None and (first := session.scalar(select(Person).where(Person.made_by == key))):
            return first
        if violated(error, "person", "email_key"):
            raise EmailTaken(email=person.email) from error
        raise
    open_accounts(session, person.id)
    note_given(session, actor, person_id=person.id, powers=person.roles, now=now)
    record(session, actor, "person.added", "person", person.id, now=now, roles=sorted(person.roles), has_email=person.email is not None)
    return person


def identify_person(session: Session, *, person_id: int, source: str, external_id: str, now: datetime) -> None:
    """Remember what ``source`` calls the person."""
    session.add(PersonIdentity(person_id=person_id, source=source, external_id=external_id, created_at=now))
    session.flush()


def named(name: str) -> dict[str, str]:
    """Return the two columns a name fills; refuses an empty one (``NameMissing``)."""
    name = clean_line(name)[:NAME_LENGTH]
    if not name:
        raise NameMissing()
    return {"name": name, "name_key": fold(name)[: 2 * NAME_LENGTH]}


def addressed(email: str | None) -> dict[str, str | None]:
    """Return the two columns an address fills, both empty for none; refuses what has not the shape of one (``EmailInvalid``)."""
    email = clean_line(email)
    if not email:
        return {"email": None, "email_key": None}
    key = normal_email(email)
    require_email_shape(key or "")
    return {"email": email, "email_key": key}
