"""The rows that are locked before anybody is asked: the person's budget, then their company's; of several, people in order of id, then companies."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.acts.models.asks import CompanyGoodwill, PersonGoodwill
from portal.people.models import Person


def locked_person(session: Session, person_id: int) -> PersonGoodwill:
    """Return what a person said about being asked, made where there is nothing, and locked. The person exists."""
    row: PersonGoodwill = _row(session, PersonGoodwill, PersonGoodwill.person_id, person_id)
    return row


def locked_company(session: Session, company_id: int) -> CompanyGoodwill:
    """Return what holds for a company, made where there is nothing, and locked. The company exists."""
    row: CompanyGoodwill = _row(session, CompanyGoodwill, CompanyGoodwill.company_id, company_id)
    return row


def lock_budgets(session: Session, person_ids: Iterable[int], now: datetime) -> None:
    """Lock the budgets of several people, then those of their companies, each in order of id: so that two bulk asks never cross."""
    ids = sorted(set(person_ids))
    for person_id in ids:
        locked_person(session, person_id)
    companies = select(Person.company_id).where(Person.id.in_(ids), Person.company_id.is_not(None)).distinct().order_by(Person.company_id)
    for company_id in session.scalars(companies):
        locked_company(session, int(company_id or 0))


def _row(session: Session, table: Any, key: Any, its_id: int) -> Any:
    maker: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    empty = {key.key: its_id, "reason": ""}
    session.execute(maker.insert(table).values(**empty).on_conflict_do_nothing(index_elements=[key.key]))
    return session.scalars(select(table).where(key == its_id).with_for_update().execution_options(populate_existing=True)).one()
