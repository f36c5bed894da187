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
    """Return the places with the fewest members for each company: industries within a region, and sizes; of equal ones the larger first.

    Only what companies say of themselves counts, and a kind with one company alone is no gap that anybody could fill at will.
    """
    places = [Gap(industry, region, "", *counts) for industry, region, *counts in _counted(session, Company.industry, Company.region, limit=limit)]
    sizes = [Gap("", "", size, *counts) for size, *counts in _counted(session, Company.size, limit=1)]
    return [*places, *sizes]


def _counted(session: Session, *columns: Any, limit: int) -> Sequence[Any]:
    takes_part = and_(Person.company_id == Company.id, Person.is_advocate, Person.state == PersonState.ACTIVE)
    companies, members = func.count(Company.id.distinct()), func.count(Person.id)
    counted = select(*columns, companies, members).outerjoin(Person, takes_part).where(*(column != "" for column in columns))
    rarest = (members * 1.0 / companies, companies.desc(), *columns)
    return session.execute(counted.group_by(*columns).having(companies > 1).order_by(*rarest).limit(limit)).all()
