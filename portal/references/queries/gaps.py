"""Where voices are few: what an employee might look out for."""

from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from portal.people.models import Company, Person
from portal.people.rules.person import PersonState


@dataclass(frozen=True)
class Gap:
    """An industry among the customers, with how many companies it has and how many of their people take part."""

    industry: str
    companies: int
    members: int


def few_voices(session: Session, limit: int = 3) -> list[Gap]:
    """Return the industries with the fewest members; of equal ones those with more companies first."""
    takes_part = and_(Person.company_id == Company.id, Person.is_advocate, Person.state == PersonState.ACTIVE)
    companies, members = func.count(Company.id.distinct()), func.count(Person.id)
    counted = select(Company.industry, companies, members).outerjoin(Person, takes_part).where(Company.industry != "")
    found = session.execute(counted.group_by(Company.industry).order_by(members, companies.desc(), Company.industry).limit(limit))
    return [Gap(*row) for row in found]
