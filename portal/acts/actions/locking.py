"""The rows that are locked before anybody is asked: the person's budget, then their company's; of several, people in order of id, then companies."""

from collections.abc import Iterable, Sequence
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


def lock_budgets(session: Session, person_ids: Iterable[int]) -> None:
    """Lock the budgets of several people, then those of their companies, each in order of id: so that two bulk asks never cross.

    Who changed companies while a budget was waited for is asked as one of the new company, whose budget is then locked too.
    """
    ids, locked = sorted(set(person_ids)), set[int]()
    _rows(session, PersonGoodwill, PersonGoodwill.person_id, ids)
    companies = select(Person.company_id).where(Person.id.in_(ids), Person.company_id.is_not(None)).distinct()
    while more := sorted({int(one or 0) for one in session.scalars(companies)} - locked):
        _rows(session, CompanyGoodwill, CompanyGoodwill.company_id, more)
        locked.update(more)


def _rows(session: Session, table: Any, key: Any, ids: Sequence[int]) -> None:
    """Make the rows where there are none, and lock them, in order of id."""
    maker: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    if ids:
        empty = maker.insert(table).values([{key.key: its_id, "reason": ""} for its_id in ids])
        session.execute(empty.on_conflict_do_nothing(index_elements=[key.key]))
        session.execute(select(key).where(key.in_(ids)).order_by(key).with_for_update())


def _row(session: Session, table: Any, key: Any, its_id: int) -> Any:
    maker: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    empty = {key.key: its_id, "reason": ""}
    session.execute(maker.insert(table).values(**empty).on_conflict_do_nothing(index_elements=[key.key]))
    return session.scalars(select(table).where(key == its_id).with_for_update().execution_options(populate_existing=True)).one()
