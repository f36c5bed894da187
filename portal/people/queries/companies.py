"""One company, and finding companies by name."""

from collections.abc import Collection

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import Session

from portal.kernel.errors import NotFound
from portal.kernel.text import clean_line, fold, like_pattern
from portal.people.models import Company, Person
from portal.people.rules.company import name_key
from portal.people.rules.person import PersonState

_BY_NAME = select(Company).where(Company.name_key == bindparam("key")).order_by(Company.id).limit(1)
_FIRST_NAMES = select(Company.name).order_by(Company.name_key, Company.id).limit(bindparam("number", type_=Integer))


def get_company(session: Session, company_id: int) -> Company:
    """Return the company; refuses with ``NotFound``."""
    company = session.get(Company, company_id)
    if company is None:
        raise NotFound()
    return company


def names_of_companies(session: Session, company_ids: Collection[int]) -> dict[int, str]:
    """Return the names of companies by their numbers."""
    found = select(Company.id, Company.name).where(Company.id.in_(company_ids))
    return {row.id: row.name for row in session.execute(found)} if company_ids else {}


def find_company_by_name(session: Session, name: str) -> Company | None:
    """Return the first company of this name, whatever its case and accents, or None."""
    return session.scalar(_BY_NAME, {"key": name_key(name)})


def search_companies(session: Session, term: str, limit: int = 8) -> list[Company]:
    """Return companies whose name holds ``term``, those that begin with it first."""
    key = fold(clean_line(term))
    if not key:
        return []
    found = select(Company).where(Company.name_key.like(like_pattern(key), escape="\\"))
    begins = Company.name_key.like(like_pattern(key)[1:], escape="\\")
    return list(session.scalars(found.order_by(begins.desc(), Company.name_key, Company.id).limit(limit)))


def possible_owners(session: Session) -> list[tuple[int, str]]:
    """Return (id, name) of who may own a company: employees and admins who are not deactivated."""
    found = select(Person.id, Person.name).where(Person.is_employee | Person.is_admin, Person.state != PersonState.DEACTIVATED)
    return [(row.id, row.name) for row in session.execute(found.order_by(Person.name_key, Person.id))]


def company_names(session: Session, term: str = "", limit: int = 50) -> list[str]:
    """Return names to offer while somebody types: those that hold ``term``, or the first ones."""
    if term.strip():
        return [company.name for company in search_companies(session, term, limit)]
    return list(session.scalars(_FIRST_NAMES, {"number": limit}))
