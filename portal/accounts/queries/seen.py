"""The log of who saw whose contact details, newest first."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import ContactView
from portal.kernel.clock import end_of_day, start_of_day
from portal.kernel.db import programme_zone
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.web.paging import Page, page_by

_viewer, _named = aliased(Person), aliased(Person)
ORDER = [(ContactView.at, True), (ContactView.id, True)]


def views_page(session: Session, *, after: str | None = None, **filters: Any) -> Page:
    """Return a page of (ContactView, viewer, person, company)."""
    return page_by(session, _views(session, **filters), ORDER, after=after)


def all_views(session: Session, **filters: Any) -> Iterator[Any]:
    """Return every row of the log that matches, for a file."""
    return iter(session.execute(_views(session, **filters).order_by(ContactView.at.desc(), ContactView.id.desc())))


def _views(session: Session, *, q: str = "", place: str = "", since: date | None = None, until: date | None = None) -> Any:
    columns = (ContactView, _viewer.name.label("viewer"), Person.name.label("person"), Company.name.label("company"))
    found: Any = select(*columns).join(_viewer, _viewer.id == ContactView.viewer_id).join(Person, Person.id == ContactView.person_id)
    found = found.outerjoin(Company, Company.id == Person.company_id)
    if q:
        called = select(_named.id).where(_named.name_key.like(like_pattern(fold(q)), escape="\\"))
        found = found.where(or_(ContactView.viewer_id.in_(called), ContactView.person_id.in_(called)))
    if place:
        found = found.where(ContactView.place == place)
    if since:
        found = found.where(ContactView.at >= start_of_day(since, programme_zone(session)))
    return found.where(ContactView.at < end_of_day(until, programme_zone(session))) if until else found
