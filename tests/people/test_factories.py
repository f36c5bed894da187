"""People whom the tests make at once stand as people who joined through their link."""

from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.clock import utcnow
from portal.people.models import Person
from tests.factories.people import join_by_link, make_person

OWN = {"id", "name", "name_key", "email", "email_key", "password_hash"}


def _row(person: Person) -> dict[str, Any]:
    return {column.key: getattr(person, column.key) for column in inspect(Person).columns if column.key not in OWN}


def _told(session: Session, person: Person) -> list[tuple[Any, ...]]:
    columns = (AuditEvent.name, AuditEvent.origin, AuditEvent.data, AuditEvent.at, AuditEvent.actor_id == person.id)
    asked = select(*columns).where(AuditEvent.subject_type == "person", AuditEvent.subject_id == person.id)
    return [tuple(row) for row in session.execute(asked.order_by(AuditEvent.id))]


def test_a_person_made_at_once_is_as_one_who_joined_through_the_link(session: Session) -> None:
    now = utcnow()
    quick, slow = (make(session, now=now, roles={"advocate", "admin"}) for make in (make_person, join_by_link))
    session.expire_all()
    assert _row(quick) == _row(slow)
    assert _told(session, quick) == _told(session, slow)
    assert quick.password_hash.split("$")[:4] == slow.password_hash.split("$")[:4]
