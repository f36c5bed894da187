"""Whether anything here speaks of a person, besides what is made with them."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Table, bindparam, exists, literal, select, union_all
from sqlalchemy.orm import Session

from portal.kernel.schema import Base
from portal.people.models import Person

MADE_WITH_THEM = frozenset({"account", "power_grant", "person_identity", "hand_edit"})


def refers_to(session: Session, person_id: int) -> list[str]:
    """Return the names of tables in which something speaks of a person, in order of the alphabet."""
    return sorted(set(session.scalars(_statement(), {"who": person_id})))


@lru_cache(maxsize=1)
def _statement() -> Any:
    """One question for each column that points at a person and can be looked up by: what a person did themself may be left out, since who
    has never signed in did nothing.
    """
    asked = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns if table.name not in MADE_WITH_THEM else ():
            points = any(key.column.table.name == Person.__tablename__ for key in column.foreign_keys)
            if points and _can_be_looked_up(table, column.name):
                asked.append(select(literal(table.name)).where(exists().where(column == bindparam("who"))))
    return union_all(*asked)


def _can_be_looked_up(table: Table, name: str) -> bool:
    keys = [list(table.primary_key.columns), *(list(index.columns) for index in table.indexes)]
    keys += [list(rule.columns) for rule in table.constraints if hasattr(rule, "columns") and type(rule).__name__ == "UniqueConstraint"]
    return any(key and key[0].name == name for key in keys)
