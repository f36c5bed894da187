"""Companies as staff see them: the list, the people there, what they did, what they let us quote."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import CompanyAccount
from portal.accounts.queries.seeing import renewal_for
from portal.acts.models.acts import Act
from portal.consents.models import Consent
from portal.kernel.actor import Actor
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.people.queries.knowing import known_to
from portal.people.rules.person import PersonState
from portal.web.paging import Page, page_by

_owner = aliased(Person)
_QUOTED = ("quote", "case_study")


def companies_page(session: Session, actor: Actor, *, after: str | None = None, **filters: Any) -> Page:
    """Return a page of (Company, owner, renewal_on, people) by name; renewals only where ``actor`` may see them."""
    return page_by(session, _companies(session, actor, **filters), [(Company.name_key, False), (Company.id, False)], after=after)


def every_company(session: Session, actor: Actor, **filters: Any) -> Iterator[Any]:
    """Return every row of the list that matches, by name, for a file."""
    return iter(session.execute(_companies(session, actor, **filters).order_by(Company.name_key, Company.id)))


def places(session: Session) -> tuple[list[str], list[str]]:
    """Return the industries and the regions of all companies."""
    found = session.execute(select(Company.industry, Company.region).distinct()).all()
    return sorted({row.industry for row in found if row.industry}), sorted({row.region for row in found if row.region})


def looked_after(session: Session, person_id: int | None) -> int:
    """Return how many companies somebody looks after."""
    return session.scalar(select(func.count()).select_from(Company).where(Company.owner_id == person_id)) or 0


def people_there(session: Session, actor: Actor, company_id: int, *, after: str | None = None, size: int = 50) -> Page:
    """Return a page of the customer's people at a company who are not deactivated and whom ``actor`` may know of, by name."""
    # So written that SQLite, which has no figures, looks for them by their company and not among all advocates.
    are_there = (func.coalesce(Person.is_advocate, false()), Person.state != PersonState.DEACTIVATED)
    found: Any = select(Person).where(Person.company_id == company_id, *are_there, known_to(session, actor))
    return page_by(session, found, [(Person.name_key, False), (Person.id, False)], after=after, size=size)


def count_people(session: Session, actor: Actor, company_id: int) -> int:
    """Return how many people ``people_there`` has in all."""
    return session.scalar(_number_there(session, actor).where(Person.company_id == company_id)) or 0


def _number_there(session: Session, actor: Actor) -> Any:
    """Return what counts the people of a company. It is looked for by the company alone: an index of all advocates would be read whole."""
    are_there = and_(Person.is_advocate, Person.state != PersonState.DEACTIVATED, known_to(session, actor))
    return select(func.count().filter(are_there)).select_from(Person)


def acts_there(session: Session, actor: Actor, company_id: int, *, after: str | None = None, size: int = 50) -> Page:
    """Return a page of (Act, person) of what people did while they were at the company, the latest first."""
    found: Any = select(Act, Person.name.label("person")).join(Person, Person.id == Act.person_id)
    live = found.where(Act.company_id == company_id, Act.reversed_at.is_(None), known_to(session, actor))
    return page_by(session, live, [(Act.happened_at, True), (Act.id, True)], after=after, size=size)


def quotes_there(session: Session, actor: Actor, company_id: int, today: date, *, after: str | None = None, size: int = 50) -> Page:
    """Return a page of (Consent, person): words that people of the company let us use, and may use today, the latest first."""
    found: Any = select(Consent, Person.name.label("person")).join(Person, Person.id == Consent.person_id)
    stands = (Consent.ended_as.is_(None), or_(Consent.expires_on.is_(None), Consent.expires_on >= today))
    found = found.where(Consent.company_id == company_id, Consent.item.in_(_QUOTED), Consent.quote != "", *stands, known_to(session, actor))
    return page_by(session, found, [(Consent.given_at, True), (Consent.id, True)], after=after, size=size)


def _companies(session: Session, actor: Actor, *, q: str = "", industry: str = "", region: str = "", owner_id: int | None = None) -> Any:
    people = _number_there(session, actor).where(Person.company_id == Company.id).correlate(Company).scalar_subquery()
    found: Any = select(Company, _owner.name.label("owner"), renewal_for(actor).label("renewal_on"), people.label("people"))
    found = found.outerjoin(_owner, _owner.id == Company.owner_id).outerjoin(CompanyAccount, CompanyAccount.company_id == Company.id)
    if q:
        named = (Company.name_key.like(like_pattern(fold(q)), escape="\\"), Company.domain.like(like_pattern(q.casefold()), escape="\\"))
        found = found.where(or_(*named))
    if industry:
        found = found.where(Company.industry == industry)
    if region:
        found = found.where(Company.region == region)
    return found if owner_id is None else found.where(Company.owner_id == owner_id)
