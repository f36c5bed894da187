"""Where voices are few: what an employee might look out for, counted from who takes part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from portal.people.models import Company, Person
from portal.people.rules.person import PersonState


@dataclass(frozen=True)
class Gap:
    """A kind of company among the customers: how many there are, and how many of their people take part.

    ``industry`` and ``region`` together, or ``size`` alone; the others are empty.
    """

    industry: str
    region: str
    size: str
    companies: int
    members: int


def few_voices(session: Session, limit: int = 3) -> list[Gap]:
    """Return the places with the fewest members for each company: industries within a region, and the size of which the fewest take part.

    Of equal ones those with more companies come first. Only what companies say of themselves counts; a size is named only where fewer of it
    take part than of all sizes together.
    """
    places = [Gap(industry, region, "", *counts) for industry, region, *counts in _counted(session, Company.industry, Company.region)[:limit]]
    sizes = [Gap("", "", size, *counts) for size, *counts in _counted(session, Company.size)]
    companies, members = sum(gap.companies for gap in sizes), sum(gap.members for gap in sizes)
    rare = [gap for gap in sizes[:1] if gap.members * companies < members * gap.companies]
    return [*places, *rare]


def _counted(session: Session, *columns: Any) -> Sequence[Any]:
    takes_part = and_(Person.company_id == Company.id, Person.is_advocate, Person.state == PersonState.ACTIVE)
    companies, members = func.count(Company.id.distinct()), func.count(Person.id)
    counted = select(*columns, companies, members).outerjoin(Person, takes_part).where(*(column != "" for column in columns))
    return session.execute(counted.group_by(*columns).order_by(members * 1.0 / companies, companies.desc(), *columns)).all()
