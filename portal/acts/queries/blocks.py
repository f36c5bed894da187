"""Blocks: those that stand on somebody, as rows and as a condition, and the list of all, also of those that were lifted."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.acts.models.asks import AskBlock
from portal.acts.rules.terms import BlockKind
from portal.kernel.errors import NotFound
from portal.people.models import Company, Person
from portal.web.paging import SIZE, Page, page_by

_setter, _lifter = aliased(Person), aliased(Person)


@dataclass(frozen=True)
class BlockRow:
    """A block with the names of whom it is on, who set it and who lifted it."""

    block: AskBlock
    name: str
    setter: str | None
    lifter: str | None


def stands_on(*kinds: BlockKind, of_all: bool = False) -> ColumnElement[bool]:
    """Return the condition over ``Person`` that a block stands on them or on their company, of ``kinds`` where given; never NULL.

    With ``of_all``, for a statement that looks at everybody: who is blocked is then found once, and not looked up for each row.
    """
    of = (AskBlock.kind.in_(kinds),) if kinds else ()
    if of_all:
        people, companies = (
            select(key).where(AskBlock.lifted_at.is_(None), key.is_not(None), *of) for key in (AskBlock.person_id, AskBlock.company_id)
        )
        return or_(Person.id.in_(people), func.coalesce(Person.company_id, 0).in_(companies))
    return exists().where(AskBlock.lifted_at.is_(None), or_(AskBlock.person_id == Person.id, AskBlock.company_id == Person.company_id), *of)


def standing_blocks(session: Session, *, person_id: int | None = None, company_id: int | None = None) -> list[BlockRow]:
    """Return the blocks that stand on a person, on a company, or on either where both are given; those of the person first."""
    whose = or_(*(column == its_id for column, its_id in ((AskBlock.person_id, person_id), (AskBlock.company_id, company_id)) if its_id is not None))
    found = session.execute(_named().where(AskBlock.lifted_at.is_(None), whose).order_by(AskBlock.company_id.is_not(None), AskBlock.id))
    return [_row(row) for row in found]


def is_held(session: Session, person_id: int) -> bool:
    """Tell whether a legal hold stands on a person or on their company."""
    return bool(session.scalar(select(stands_on(BlockKind.LEGAL)).select_from(Person).where(Person.id == person_id)))


def count_on_people(session: Session, company_id: int) -> int:
    """Return how many people of a company a block of their own stands on."""
    found = select(func.count(AskBlock.person_id.distinct())).join(Person, Person.id == AskBlock.person_id)
    return session.scalar(found.where(Person.company_id == company_id, AskBlock.lifted_at.is_(None))) or 0


def blocks_page(session: Session, *, after: str | None = None, size: int = SIZE) -> Page:
    """Return a page of blocks as ``BlockRow``, the latest first."""
    page = page_by(session, _named(), [(AskBlock.set_at, True), (AskBlock.id, True)], after=after, size=size)
    return replace(page, rows=[_row(row) for row in page])


def whose_block(session: Session, block_id: int) -> tuple[str, int]:
    """Return on what a block is or was, ``person`` or ``company``, and its id. Raises NotFound."""
    block = session.get(AskBlock, block_id)
    if block is None:
        raise NotFound()
    return ("person", block.person_id) if block.person_id is not None else ("company", int(block.company_id or 0))


def count_standing(session: Session) -> int:
    """Return how many blocks stand."""
    return session.scalar(select(func.count()).select_from(AskBlock).where(AskBlock.lifted_at.is_(None))) or 0


def _named() -> Any:
    names = (Person.name.label("person"), Company.name.label("company"), _setter.name.label("setter"), _lifter.name.label("lifter"))
    found = select(AskBlock, *names).outerjoin(Person, Person.id == AskBlock.person_id).outerjoin(Company, Company.id == AskBlock.company_id)
    return found.outerjoin(_setter, _setter.id == AskBlock.set_by_id).outerjoin(_lifter, _lifter.id == AskBlock.lifted_by_id)


def _row(row: Any) -> BlockRow:
    return BlockRow(row.AskBlock, row.person or row.company, row.setter, row.lifter)
