"""One person, some people, and whom to write to."""

from collections.abc import Iterable

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.kernel.text import normal_email
from portal.notifications.rules import Recipient
from portal.people.models import Person, PersonIdentity
from portal.people.queries.companies import get_company
from portal.people.rules.person import PersonState

IDS_AT_ONCE = 500
_BY_EMAIL = select(Person).where(Person.email_key == bindparam("key"))
_NAMES = select(Person.id, Person.name).where(Person.id.in_(bindparam("ids", expanding=True)))
_ANY_ADMIN = select(Person.id).where(Person.is_admin, Person.state != PersonState.DEACTIVATED).limit(1)


def get_person(session: Session, person_id: int) -> Person:
    """Return the person; refuses with ``NotFound``."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound()
    return person


def find_person_by_email(session: Session, email: str | None) -> Person | None:
    """Return the person who has this address in any spelling, or None."""
    key = normal_email(email)
    return session.scalar(_BY_EMAIL, {"key": key}) if key else None


def find_person_by_identity(session: Session, source: str, external_id: str) -> Person | None:
    """Return the person whom ``source`` calls ``external_id``, or None."""
    return session.scalar(
        select(Person)
        .join(PersonIdentity, PersonIdentity.person_id == Person.id)
        .where(PersonIdentity.source == source, PersonIdentity.external_id == external_id)
    )


def people_by_email(session: Session, emails: Iterable[str]) -> dict[str, int]:
    """Return who has one of ``emails``, in any spelling, by the normal form of the address."""
    keys = sorted({key for email in emails if (key := normal_email(email))})
    found: dict[str, int] = {}
    for start in range(0, len(keys), IDS_AT_ONCE):
        some = select(Person.email_key, Person.id).where(Person.email_key.in_(keys[start : start + IDS_AT_ONCE]))
        found.update((str(key), person_id) for key, person_id in session.execute(some))
    return found


def people_by_identity(session: Session, source: str, external_ids: Iterable[str]) -> dict[str, int]:
    """Return whom ``source`` calls by one of ``external_ids``."""
    ids = sorted(set(external_ids))
    found: dict[str, int] = {}
    for start in range(0, len(ids), IDS_AT_ONCE):
        here = (PersonIdentity.source == source, PersonIdentity.external_id.in_(ids[start : start + IDS_AT_ONCE]))
        found.update(
            (name, person_id) for name, person_id in session.execute(select(PersonIdentity.external_id, PersonIdentity.person_id).where(*here))
        )
    return found


def zone_of(session: Session, person_id: int) -> str:
    """Return the time zone of a person, the programme's where they chose none. Raises ``NotFound``."""
    found = session.execute(select(Person.id, Person.time_zone).where(Person.id == person_id)).first()
    if found is None:
        raise NotFound()
    return found.time_zone or programme_zone(session)


def recipient(session: Session, person_id: int) -> Recipient:
    """Return where to write to one person."""
    return _recipient(get_person(session, person_id))


def recipients(session: Session, ids: Iterable[int], *, joined: bool = False) -> dict[int, Recipient]:
    """Return where to write to each of ``ids``; who is unknown is left out, and with ``joined`` who has not joined or is shut out."""
    found = session.scalars(select(Person).where(Person.id.in_(set(ids)), *([Person.state == PersonState.ACTIVE] if joined else [])))
    return {person.id: _recipient(person) for person in found}


def admins(session: Session) -> list[Recipient]:
    """Return the admins who have joined, in order of their ids."""
    found = session.scalars(select(Person).where(Person.is_admin, Person.state == PersonState.ACTIVE).order_by(Person.id))
    return [_recipient(person) for person in found]


def names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of ``ids``."""
    return {row.id: row.name for row in session.execute(_NAMES, {"ids": list(set(ids))})}


def own_words(session: Session, person: Person) -> list[str | None]:
    """Return names that a guesser of passwords would try on this person."""
    company = get_company(session, person.company_id) if person.company_id else None
    return [person.name, person.email, company.name if company else None, company.domain if company else None]


def has_admin(session: Session) -> bool:
    """Tell whether anybody is, or is asked to become, an admin."""
    return session.scalar(_ANY_ADMIN) is not None


def _recipient(person: Person) -> Recipient:
    """A deactivated person gets nothing by mail; the notice stays for the day they come back."""
    email = person.email if person.state != PersonState.DEACTIVATED else None
    return Recipient(person_id=person.id, email=email, name=person.name, language=person.language)
