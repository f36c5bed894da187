"""The list of blocks: those that stand, and those that were lifted."""

from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from portal.acts.models.asks import AskBlock
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


def blocks_page(session: Session, *, after: str | None = None, size: int = SIZE) -> Page:
    """Return a page of blocks as ``BlockRow``, the latest first."""
    names = (Person.name.label("person"), Company.name.label("company"), _setter.name.label("setter"), _lifter.name.label("lifter"))
    found = select(AskBlock, *names).outerjoin(Person, Person.id == AskBlock.person_id).outerjoin(Company, Company.id == AskBlock.company_id)
    found = found.outerjoin(_setter, _setter.id == AskBlock.set_by_id).outerjoin(_lifter, _lifter.id == AskBlock.lifted_by_id)
    page = page_by(session, found, [(AskBlock.set_at, True), (AskBlock.id, True)], after=after, size=size)
    return replace(page, rows=[BlockRow(row.AskBlock, row.person or row.company, row.setter, row.lifter) for row in page])


def whose_block(session: Session, block_id: int) -> tuple[str, int]:
    """Return on what a block is or was, ``person`` or ``company``, and its id. Raises NotFound."""
    block = session.get(AskBlock, block_id)
    if block is None:
        raise NotFound()
    return ("person", block.person_id) if block.person_id is not None else ("company", int(block.company_id or 0))


def count_standing(session: Session) -> int:
    """Return how many blocks stand."""
    return session.scalar(select(func.count()).select_from(AskBlock).where(AskBlock.lifted_at.is_(None))) or 0
