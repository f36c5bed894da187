"""Where references lack: what can be asked of active references, against what was asked for."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from portal.acts.models.asks import AskBlock, AskLoad, CompanyGoodwill, OpenAsk, PersonGoodwill
from portal.acts.queries.people import ASKABLE
from portal.acts.queries.settings import defaults_of
from portal.dashboard.queries.references import LIVES, YEAR
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.db import programme_zone
from portal.people.models import Company, Person
from portal.profiles.models import ProfileWord, ReferenceProfile
from portal.profiles.rules.states import Status, WordKind
from portal.requests.models import ReferenceRequest
from portal.requests.rules.figures import HORIZON_DAYS, Cell, Gap, gaps
from portal.requests.rules.states import State

_held = aliased(OpenAsk)


def coverage(session: Session, now: datetime) -> list[Gap]:
    """Return where what was asked for in a year, or is open, exceeds what active references can be asked in 90 days, the worst first."""
    one, number = ReferenceRequest, func.count().label("number")
    cells = (one.industry, one.size, one.region, one.product)
    wanted = select(*cells, number).where(or_(one.opened_at >= now - YEAR, LIVES), one.state != State.DRAFT)
    demand = {Cell(row.industry, row.size, row.region, row.product): row.number for row in session.execute(wanted.group_by(*cells))}
    return gaps(_supply(session, now, by_product=False) | _supply(session, now, by_product=True), demand) if demand else []


def _supply(session: Session, now: datetime, *, by_product: bool) -> dict[Cell, int]:
    """Return free slots in 90 days of active, visible profiles by their company's place: each person within their own cap, and all within the
    company's. ``rules.figures.free_slots`` in SQL; a pause that lasts all that time leaves none, and so does a block, of either, and a rest
    after many noes. Months off say when somebody is not asked and not how often, so they take nothing away here.
    """
    defaults, today = defaults_of(session), local_date(now, programme_zone(session))
    until = today + timedelta(days=HORIZON_DAYS)
    person_open = select(func.count()).where(OpenAsk.person_id == ReferenceProfile.person_id).correlate(ReferenceProfile).scalar_subquery()
    own = _slots(PersonGoodwill, defaults.person.most, defaults.person.days, person_open)
    rested = AskLoad.rests_until >= start_of_day(until, programme_zone(session))
    paused = case((or_(PersonGoodwill.paused_until >= until, rested), 0), else_=own)
    product: Any = ProfileWord.key if by_product else literal("")
    people = select(Person.company_id, product.label("product"), func.sum(paused).label("slots")).select_from(ReferenceProfile)
    people = people.join(Person, Person.id == ReferenceProfile.person_id).outerjoin(PersonGoodwill, PersonGoodwill.person_id == Person.id)
    people = people.outerjoin(AskLoad, AskLoad.person_id == Person.id)
    if by_product:
        people = people.join(ProfileWord, (ProfileWord.person_id == Person.id) & (ProfileWord.kind == WordKind.PRODUCT))
    free = (Person.id.not_in(_blocked(AskBlock.person_id)), Person.company_id.not_in(_blocked(AskBlock.company_id)))
    shown = (ReferenceProfile.status == Status.ACTIVE, ReferenceProfile.is_visible, *ASKABLE, *free)
    firms = people.where(*shown).group_by(Person.company_id, *([product] if by_product else ())).subquery()
    firm_open = select(func.count()).where(_held.company_id == Company.id).correlate(Company).scalar_subquery()
    most = _slots(CompanyGoodwill, defaults.company.most, defaults.company.days, firm_open)
    rests = CompanyGoodwill.paused_until >= until
    slots = func.sum(case((rests, 0), (firms.c.slots > most, most), else_=firms.c.slots)).label("slots")
    places = (Company.industry, Company.size, Company.region, firms.c.product)
    found = select(*places, slots).select_from(firms).join(Company, Company.id == firms.c.company_id)
    found = found.outerjoin(CompanyGoodwill, CompanyGoodwill.company_id == Company.id).group_by(*places)
    return {Cell(row.industry, row.size, row.region, row.product): int(row.slots) for row in session.execute(found)}


def _blocked(column: Any) -> Any:
    return select(column).where(column.is_not(None), AskBlock.lifted_at.is_(None)).scalar_subquery()


def _slots(goodwill: Any, most: int, days: int, held: Any) -> Any:
    """Return ``free_slots`` as a column: of the row of goodwill where it says something, else of the programme's cap."""
    left = func.coalesce(goodwill.most, most) * HORIZON_DAYS // func.coalesce(goodwill.days, days) - held
    return case((left < 0, 0), else_=left)
