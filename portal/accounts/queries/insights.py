"""What customers said, for whoever looks after them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Insight, InsightMailOff
from portal.accounts.rules.insights import DETRACTOR, PROMOTER, InsightKind
from portal.kernel.actor import Actor
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.web.paging import Page, page_by

ORDER = [(Insight.heard_at, True), (Insight.id, True)]


def said_page(session: Session, actor: Actor, *, after: str | None = None, size: int = 50, **filters: Any) -> Page:
    """Return a page of (Insight, person, company) at companies that ``actor`` looks after, at all of them for an admin; the latest first."""
    return page_by(session, _said(actor, **filters), ORDER, after=after, size=size)


def all_said(session: Session, actor: Actor, **filters: Any) -> Iterator[Any]:
    """Return every row of ``said_page``, for a file."""
    return iter(session.execute(_said(actor, **filters).order_by(Insight.heard_at.desc(), Insight.id.desc())))


def said_between(session: Session, owner_id: int, since: datetime, until: datetime) -> list[Any]:
    """Return (Insight, person, company) that an owner could first read in a time: low scores first, then the latest."""
    low = (Insight.score.is_not(None) & (Insight.score <= DETRACTOR)).desc()
    found = _rows().where(Company.owner_id == owner_id, Insight.heard_at >= since, Insight.heard_at < until)
    return list(session.execute(found.order_by(low, *(column.desc() for column, _down in ORDER))))


def owners_between(session: Session, since: datetime, until: datetime) -> list[int]:
    """Return the owners at whose companies something was said in a time."""
    found = select(Company.owner_id).join(Insight, Insight.company_id == Company.id).where(Insight.ended_at.is_(None), Company.owner_id.is_not(None))
    heard = found.where(Insight.heard_at >= since, Insight.heard_at < until).distinct().order_by(Company.owner_id)
    return [owner_id for owner_id in session.scalars(heard) if owner_id is not None]


def is_mail_off(session: Session, owner_id: int) -> bool:
    """Tell whether an owner wants no weekly mail."""
    return session.scalar(select(func.count()).select_from(InsightMailOff).where(InsightMailOff.owner_id == owner_id)) == 1


def _rows() -> Any:
    found: Any = select(Insight, Person.name.label("person"), Company.name.label("company"))
    return found.join(Person, Person.id == Insight.person_id).join(Company, Company.id == Insight.company_id).where(Insight.ended_at.is_(None))


def _said(actor: Actor, *, q: str = "", kind: str = "", company: int | None = None) -> Any:
    found = _rows()
    if not actor.is_admin:
        found = found.where(Company.owner_id == (actor.id or 0))
    if q:
        pattern = like_pattern(fold(q))
        columns = (Person.name_key, Company.name_key, func.lower(Insight.said), func.lower(Insight.question))
        found = found.where(or_(*(column.like(pattern, escape="\\") for column in columns)))
    if kind == InsightKind.ANSWER:
        found = found.where(Insight.kind == kind)
    elif kind == "detractor":
        found = found.where(Insight.score <= DETRACTOR)
    elif kind == "promoter":
        found = found.where(Insight.score >= PROMOTER)
    return found if company is None else found.where(Insight.company_id == company)
