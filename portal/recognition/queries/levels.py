"""Levels, and where people stand on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.orm import Session

from portal.ledger.models import account
from portal.ledger.queries.balances import balance_of, balances_of
from portal.recognition.models import Level
from portal.recognition.rules.boards import UNIT
from portal.recognition.rules.levels import Rung, rung_of

_LEVEL: Any = Level.__table__
_ALL = select(_LEVEL.c.id, _LEVEL.c.name, _LEVEL.c.threshold).order_by(_LEVEL.c.threshold, _LEVEL.c.id)
_EARNED = bindparam("earned", type_=BigInteger)
_LIFETIME = (account.c.owner_id == bindparam("person", type_=BigInteger), account.c.unit == UNIT, account.c.kind == "available")
# Between the lifetime before and after: upwards where points were earned, downwards where they were taken back.
_PASSED = {
    True: select(_LEVEL.c.id, _LEVEL.c.name, _LEVEL.c.threshold)
    .join(account, (_LEVEL.c.threshold > account.c.lifetime - _EARNED) & (_LEVEL.c.threshold <= account.c.lifetime))
    .where(*_LIFETIME)
    .order_by(_LEVEL.c.threshold),
    False: select(_LEVEL.c.id, _LEVEL.c.name, _LEVEL.c.threshold)
    .join(account, (_LEVEL.c.threshold > account.c.lifetime) & (_LEVEL.c.threshold <= account.c.lifetime - _EARNED))
    .where(*_LIFETIME)
    .order_by(_LEVEL.c.threshold),
}


@dataclass(frozen=True)
class LevelCount:
    """A level and how many people stand on it now."""

    id: int
    name: str
    threshold: int
    number: int
    people: int


def list_levels(session: Session) -> Sequence[Any]:
    """Return the levels (id, name, threshold), lowest first."""
    return session.connection().execute(_ALL).all()


def rung_for(session: Session, person_id: int) -> Rung:
    """Return where a person stands."""
    return rung_of(list_levels(session), balance_of(session, person_id).lifetime)


def rungs_for(session: Session, person_ids: Iterable[int]) -> dict[int, Rung]:
    """Return where each of ``person_ids`` stands, in two queries."""
    levels, balances = list_levels(session), balances_of(session, person_ids)
    return {person_id: rung_of(levels, balance.lifetime) for person_id, balance in balances.items()}


def passed(session: Session, person_id: int, earned: int) -> Sequence[Any]:
    """Return the levels that the person's lifetime has just passed by ``earned`` points, which are counted in it already; lowest first."""
    return session.connection().execute(_PASSED[earned > 0], {"person": person_id, "earned": earned}).all()


def count_levels(session: Session) -> list[LevelCount]:
    """Return the levels with the number of people on each, of all who ever earned points."""
    levels = list_levels(session)
    found = []
    for number, level in enumerate(levels, start=1):
        here = [account.c.unit == UNIT, account.c.kind == "available", account.c.lifetime > 0, account.c.lifetime >= level.threshold]
        if number < len(levels):
            here.append(account.c.lifetime < levels[number].threshold)
        people = session.scalar(select(func.count()).select_from(account).where(*here)) or 0
        found.append(LevelCount(level.id, level.name, level.threshold, number, people))
    return found
