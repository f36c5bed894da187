"""Where voices are few: what an employee might look out for, counted from who takes part and from what is asked for."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.orm import Session

from portal.people.models import Company, Person
from portal.people.rules.person import PersonState
from portal.references.rules.gaps import Gap, worst
from portal.web.paging import AnySelect

DEMAND = "reference_demand"
"""Under this name sessions know how often each (industry, region) was asked for as a reference: a function of the session, from the room of
requests. Without one supply alone counts."""
MOST_ASKED = 50


def few_voices(session: Session, limit: int = 3) -> list[Gap]:
    """Return the worst gaps (``rules.gaps``): industries within a region, and last the size of which the fewest take part.

    Only what companies say of themselves counts; a size is named only where fewer of it take part than of all sizes together.
    """
    demand: Mapping[tuple[str, str], int] = session.info[DEMAND](session) if DEMAND in session.info else {}
    asked = dict(sorted(demand.items(), key=lambda one: (-one[1], one[0]))[:MOST_ASKED])
    few: AnySelect = _counted(Company.industry, Company.region).having(_MEMBERS < _COMPANIES).limit(limit + len(asked))
    found = {(row[0], row[1]): (row[2], row[3]) for row in session.execute(few)}
    if asked:
        here: AnySelect = _counted(Company.industry, Company.region).where(tuple_(Company.industry, Company.region).in_(list(asked)))
        found |= dict.fromkeys(asked, (0, 0)) | {(row[0], row[1]): (row[2], row[3]) for row in session.execute(here)}
    places = worst((Gap(*place, "", *counts, asked.get(place, 0)) for place, counts in found.items()), limit)
    sizes = [Gap("", "", *row) for row in session.execute(_counted(Company.size))]
    companies, members = sum(gap.companies for gap in sizes), sum(gap.members for gap in sizes)
    return [*places, *(gap for gap in sizes[:1] if gap.is_gap and gap.members * companies < members * gap.companies)]


_COMPANIES, _MEMBERS = func.count(Company.id.distinct()), func.count(Person.id)


def _counted(*columns: Any) -> AnySelect:
    takes_part = and_(Person.company_id == Company.id, Person.is_advocate, Person.state == PersonState.ACTIVE)
    counted: AnySelect = select(*columns, _COMPANIES, _MEMBERS).outerjoin(Person, takes_part).where(*(column != "" for column in columns))
    return counted.group_by(*columns).order_by(_MEMBERS * 1.0 / _COMPANIES, _COMPANIES.desc(), *columns)
