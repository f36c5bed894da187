"""Marking people with tags, one or many at once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed
from portal.kernel.schema import BigId, UTCDateTime
from portal.people.models import Person, PersonTag, Tag
from portal.people.queries.persons import get_person
from portal.people.queries.tags import find_tag
from portal.people.rules.tag import require_tag

Chosen = Select[int]
"""The ids of the people meant."""
_DIALECTS: dict[str, Any] = {"postgresql": postgresql, "sqlite": sqlite}


def tag_person(session: Session, actor: Actor, *, person_id: int, tag: str, now: datetime) -> bool:
    """Mark one person; tells whether they did not carry the tag before. Refuses what is no tag (``TagMissing``, ``TagTooLong``)."""
    _require_admin(actor)
    get_person(session, person_id)
    found = _tag_named(session, tag, now)
    if not _mark(session, actor, found, select(Person.id).where(Person.id == person_id), now):
        return False
    record(session, actor, "person.tagged", "person", person_id, now=now, tag=found.name)
    return True


def untag_person(session: Session, actor: Actor, *, person_id: int, tag_id: int, now: datetime) -> bool:
    """Take a tag off one person; tells whether they carried it."""
    _require_admin(actor)
    off = delete(PersonTag).where(PersonTag.person_id == person_id, PersonTag.tag_id == tag_id)
    if not session.execute(off).rowcount:  # type: ignore[attr-defined]
        return False
    record(session, actor, "person.untagged", "person", person_id, now=now, tag=session.get_one(Tag, tag_id).name)
    return True


def tag_people(session: Session, actor: Actor, *, chosen: Chosen, tag: str, now: datetime) -> int:
    """Mark everybody in ``chosen`` in one statement and return how many did not carry the tag before. Refuses what is no tag."""
    _require_admin(actor)
    found = _tag_named(session, tag, now)
    people = _mark(session, actor, found, chosen, now)
    record(session, actor, "tag.given", "tag", found.id, now=now, tag=found.name, people=people)
    return people


def untag_people(session: Session, actor: Actor, *, chosen: Chosen, tag: str, now: datetime) -> int:
    """Take a tag off everybody in ``chosen`` and return how many carried it. Refuses what is no tag."""
    _require_admin(actor)
    found = _tag_named(session, tag, now)
    off = delete(PersonTag).where(PersonTag.tag_id == found.id, PersonTag.person_id.in_(chosen)).execution_options(synchronize_session=False)
    people: int = session.execute(off).rowcount  # type: ignore[attr-defined]
    record(session, actor, "tag.taken", "tag", found.id, now=now, tag=found.name, people=people)
    return people


def people_chosen(ids: Iterable[int]) -> Chosen:
    """Return these people as ``chosen``; who is not there is nobody."""
    return select(Person.id).where(Person.id.in_(sorted(set(ids))))


def _require_admin(actor: Actor) -> None:
    if not actor.is_admin:
        raise NotAllowed()


def _tag_named(session: Session, text: str, now: datetime) -> Tag:
    """Return the tag of this name, made if it is new; two admins who write the same at once get one."""
    name, key = require_tag(text)
    if known := find_tag(session, key):
        return known
    made = Tag(name=name, name_key=key, created_at=now)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if not violated(error, "tag", "name_key"):
            raise
        return session.scalars(select(Tag).where(Tag.name_key == key)).one()
    return made


def _mark(session: Session, actor: Actor, tag: Tag, chosen: Chosen, now: datetime) -> int:
    given = (
        bindparam("of_tag", tag.id, type_=BigId, unique=True),
        bindparam("by", actor.id, type_=BigId, unique=True),
        bindparam("at", now, type_=UTCDateTime, unique=True),
    )
    rows = select(Person.id, *given).where(Person.id.in_(chosen))
    insert = _DIALECTS[session.get_bind().dialect.name].insert(PersonTag)
    put = insert.from_select(["person_id", "tag_id", "tagged_by_id", "tagged_at"], rows).on_conflict_do_nothing()
    return int(session.execute(put, execution_options={"preserve_rowcount": True}).rowcount)  # type: ignore[attr-defined]
