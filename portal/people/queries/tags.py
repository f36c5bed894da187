"""Which tags there are, and who carries which."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from portal.people.models import Person, PersonTag, Tag

Tagger = aliased(Person)


@dataclass(frozen=True)
class Carried:
    """One tag of one person: by whom (empty for the portal itself) and since when."""

    id: int
    name: str
    by: str | None
    at: datetime


def find_tag(session: Session, name_key: str) -> Tag | None:
    """Return the tag told apart by ``name_key``, or None."""
    return session.scalar(select(Tag).where(Tag.name_key == name_key))


def list_tags(session: Session) -> list[tuple[int, str]]:
    """Return (id, name) of every tag, by name."""
    return [(row.id, row.name) for row in session.execute(select(Tag.id, Tag.name).order_by(Tag.name_key))]


def tag_names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of ``ids``."""
    return {row.id: row.name for row in session.execute(select(Tag.id, Tag.name).where(Tag.id.in_(set(ids))))}


def tags_of(session: Session, person_id: int) -> list[Carried]:
    """Return the tags of one person, by name."""
    rows = session.execute(
        select(Tag.id, Tag.name, Tagger.name.label("by"), PersonTag.tagged_at.label("at"))
        .join(PersonTag, PersonTag.tag_id == Tag.id)
        .outerjoin(Tagger, Tagger.id == PersonTag.tagged_by_id)
        .where(PersonTag.person_id == person_id)
        .order_by(Tag.name_key)
    )
    return [Carried(row.id, row.name, row.by, row.at) for row in rows]


def tags_of_many(session: Session, ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the names of each person's tags, in one query; who carries none is left out."""
    found: dict[int, list[str]] = {}
    rows = select(PersonTag.person_id, Tag.name).join(Tag, Tag.id == PersonTag.tag_id).where(PersonTag.person_id.in_(set(ids)))
    for row in session.execute(rows.order_by(Tag.name_key)):
        found.setdefault(row.person_id, []).append(row.name)
    return found


def joined_tags() -> object:
    """Return a column for a select of people: the names of their tags with semicolons between, for files."""
    listed = select(func.aggregate_strings(Tag.name, "; ")).join(PersonTag, PersonTag.tag_id == Tag.id)
    return func.coalesce(listed.where(PersonTag.person_id == Person.id).correlate(Person).scalar_subquery(), "")
