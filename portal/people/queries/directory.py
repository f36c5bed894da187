"""The admins' lists of people and companies: filtered, paged by key, counted; and one person's history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.audit.models import AuditEvent
from portal.kernel.schema import BigId
from portal.kernel.text import fold, like_pattern, normal_email
from portal.people.models import Company, Person, PersonTag
from portal.people.queries.tags import joined_tags
from portal.people.rules.person import ROLES
from portal.web.paging import Page, page_by

Owner = aliased(Person)
ROLE_COLUMNS = dict(zip(ROLES, (Person.is_advocate, Person.is_employee, Person.is_admin), strict=True))


def _people(*, q: str | None = None, role: str | None = None, state: str | None = None, company: int | None = None, tag: int | None = None) -> Any:
    found: Any = select(Person, Company.name.label("company_name")).outerjoin(Company, Company.id == Person.company_id)
    if q:
        by_name = like_pattern(fold(q))
        by_email = like_pattern(normal_email(q) or "")
        named = (column.like(by_name, escape="\\") for column in (Person.name_key, Company.name_key))
        found = found.where(or_(*named, Person.email_key.like(by_email, escape="\\")))
    if role:
        found = found.where(ROLE_COLUMNS[role])
    if state:
        found = found.where(Person.state == state)
    if company is not None:
        found = found.where(Person.company_id == company)
    if tag is not None:
        found = found.where(Person.id.in_(select(PersonTag.person_id).where(PersonTag.tag_id == tag)))
    return found


def people_matching(**filters: Any) -> Any:
    """Return the ids of everybody whom the list of people shows under these filters."""
    return _people(**filters).with_only_columns(Person.id)


def list_people(session: Session, *, after: str | None = None, **filters: Any) -> Page:
    """Return one page of (Person, company_name) by name."""
    return page_by(session, _people(**filters), [(Person.name_key, False), (Person.id, False)], after=after)


def all_people(session: Session, **filters: Any) -> Iterator[Any]:
    """Return every (Person, company_name, tags) that matches, by name; ``tags`` with semicolons between."""
    return iter(session.execute(_people(**filters).add_columns(joined_tags()).order_by(Person.name_key, Person.id)))


def count_states(session: Session) -> dict[str, int]:
    """Return how many people there are in each state."""
    return {row.state: row.people for row in session.execute(select(Person.state, func.count().label("people")).group_by(Person.state))}


def _companies(*, q: str | None = None, industry: str | None = None, owner: int | None = None) -> Any:
    people = select(func.count()).where(Person.company_id == Company.id).correlate(Company).scalar_subquery()
    found: Any = select(Company, Owner.name.label("owner_name"), people.label("people")).outerjoin(Owner, Owner.id == Company.owner_id)
    if q:
        by_name, by_domain = like_pattern(fold(q)), like_pattern(q.casefold())
        found = found.where(or_(Company.name_key.like(by_name, escape="\\"), Company.domain.like(by_domain, escape="\\")))
    if industry:
        found = found.where(Company.industry == industry)
    if owner is not None:
        found = found.where(Company.owner_id == owner)
    return found


def list_companies(session: Session, *, after: str | None = None, **filters: Any) -> Page:
    """Return one page of (Company, owner_name, people) by name."""
    return page_by(session, _companies(**filters), [(Company.name_key, False), (Company.id, False)], after=after)


def all_companies(session: Session, **filters: Any) -> Iterator[Any]:
    """Return every (Company, owner_name, people) that matches, by name."""
    return iter(session.execute(_companies(**filters).order_by(Company.name_key, Company.id)))


def count_companies(session: Session) -> tuple[int, int]:
    """Return how many companies there are, and how many of them have an owner."""
    row = session.execute(select(func.count(), func.count(Company.owner_id)).select_from(Company)).one()
    return row[0], row[1]


def industries(session: Session) -> Sequence[str]:
    """Return the industries that companies have."""
    return session.scalars(select(Company.industry).where(Company.industry != "").distinct().order_by(Company.industry)).all()


@dataclass(frozen=True)
class Happening:
    """One line of a history: what, when, by whom (empty for the portal itself, and for people about themselves), and its facts."""

    at: datetime
    name: str
    actor: str | None
    data: dict[str, Any]


_SELF: Any = bindparam("self", type_=BigId)
_HISTORY = (
    select(AuditEvent.at, AuditEvent.name, Person.name.label("actor"), AuditEvent.data)
    .outerjoin(Person, and_(Person.id == AuditEvent.actor_id, Person.id.is_distinct_from(_SELF)))
    .where(AuditEvent.subject_type == bindparam("kind"), AuditEvent.subject_id == bindparam("thing", type_=BigId))
    .order_by(AuditEvent.id.desc())
    .limit(bindparam("number", type_=Integer))
)


def history_of(session: Session, subject_type: str, subject_id: int, *, limit: int = 50) -> list[Happening]:
    """Return what was done to the subject, the latest first."""
    rows = session.execute(
        _HISTORY, {"kind": subject_type, "thing": subject_id, "self": subject_id if subject_type == "person" else None, "number": limit}
    )
    return [Happening(row.at, row.name, row.actor, row.data) for row in rows]
