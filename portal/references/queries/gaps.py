"""Where voices are few: what an employee might look out for, counted from who takes part and from what is asked for."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.people.models import Company, Person
from portal.people.rules.person import PersonState
from portal.references.rules.gaps import Gap, worst
from portal.web.paging import AnySelect

DEMAND = "reference_demand"
"""Under this name sessions know how often each (industry, region) was asked for as a reference: a function of the session, from the room of
requests. Without one supply alone counts."""


def few_voices(session: Session, limit: int = 3) -> list[Gap]:
    """Return the worst gaps (``rules.gaps``): industries within a region, and last the size of which the fewest take part.

    Only what companies say of themselves counts; a size is named only where fewer of it take part than of all sizes together.
    Companies and people are counted in one statement, which reads all of both: it is what this page costs.
    """
    demand: Mapping[tuple[str, str], int] = session.info[DEMAND](session) if DEMAND in session.info else {}
    places = {place: Gap(*place, "", 0, 0, asked) for place, asked in demand.items()}
    sizes: dict[str, Gap] = {}
    for industry, region, size, companies, members in session.execute(_COUNTED):
        if industry and region:
            place = (industry, region)
            places[place] = _more(places.get(place, Gap(*place, "", 0, 0)), companies, members)
        if size:
            sizes[size] = _more(sizes.get(size, Gap("", "", size, 0, 0)), companies, members)
    companies, members = sum(gap.companies for gap in sizes.values()), sum(gap.members for gap in sizes.values())
    fewest = sorted(sizes.values(), key=lambda gap: (gap.members / gap.companies, -gap.companies, gap.size))[:1]
    return [*worst(places.values(), limit), *(gap for gap in fewest if gap.is_gap and gap.members * companies < members * gap.companies)]


def _more(gap: Gap, companies: int, members: int) -> Gap:
    return replace(gap, companies=gap.companies + companies, members=gap.members + int(members))


_TAKE_PART = select(Person.company_id, func.count().label("members")).where(Person.is_advocate, Person.state == PersonState.ACTIVE)
_BY_COMPANY = _TAKE_PART.where(Person.company_id.is_not(None)).group_by(Person.company_id).subquery()
_KINDS = (Company.industry, Company.region, Company.size)
_COUNTED: AnySelect = (
    select(*_KINDS, func.count(), func.coalesce(func.sum(_BY_COMPANY.c.members), 0).label("members"))
    .outerjoin(_BY_COMPANY, _BY_COMPANY.c.company_id == Company.id)
    .group_by(*_KINDS)
)
