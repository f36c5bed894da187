"""Who did how many acts, and since when: the set queries that several kinds of rule share."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.rules.acts import UNREWARDED
from portal.kernel.clock import require_aware
from portal.people.models import Person
from portal.people.rules.person import PersonState

_BATCH = 2_000


def nth_act(number: int, *conditions: ColumnElement[bool], each: tuple[Any, ...] = ()) -> Select[Any]:
    """Return a select of ``person_id``, ``at``: when each person did the ``number``-th act that still stands, also ``each`` such as the track.

    What may not be rewarded does not count.
    """
    numbered = select(
        Act.person_id,
        Act.happened_at.label("at"),
        *each,
        func.row_number().over(partition_by=(Act.person_id, *each), order_by=(Act.happened_at, Act.id)).label("nth"),
    ).where(Act.reversed_at.is_(None), Act.kind != UNREWARDED, *conditions)
    found = numbered.subquery()
    return select(found.c.person_id, found.c.at, *(found.c[column.key] for column in each)).where(found.c.nth == number)


def eligible(statement: Select[Any], *, limit: int | None = None) -> Select[Any]:
    """Return ``person_id`` and ``at`` of ``statement`` in order of time, without who is deactivated; the first ``limit`` if given."""
    found = statement.subquery()
    kept = select(found.c.person_id, found.c.at).join(Person, Person.id == found.c.person_id).where(Person.state != PersonState.DEACTIVATED)
    return kept.order_by(found.c.at, found.c.person_id).limit(limit)


def stream(session: Session, statement: Select[Any]) -> Iterator[tuple[int, datetime]]:
    """Yield the rows of a select of ``person_id`` and ``at``, without ever holding them all."""
    with session.execute(statement, execution_options={"yield_per": _BATCH}) as found:
        for row in found:
            yield row.person_id, require_aware(row.at)
