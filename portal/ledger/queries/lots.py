"""What stands in lots: what lapses when, what waits until when, and all lots for finance."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, text, tuple_
from sqlalchemy.orm import Session

from portal.ledger.lots import PLACES
from portal.ledger.models import lapse_notice, lot, pending
from portal.ledger.rules import POINTS

CHUNK = 5_000
# As literal text, so that both engines see that the partial index fits.
_LAPSING = text("lot.open > 0 AND lot.expires_on < '9999-12-31'")
_OWN = (lot.c.owner_id == bindparam("b_owner"), lot.c.unit == bindparam("b_unit"))
_DUE = (
    select(lot.c.id, lot.c.expires_on)
    .where(_LAPSING, lot.c.expires_on < bindparam("b_day", type_=lot.c.expires_on.type))
    .where(tuple_(lot.c.expires_on, lot.c.id) > tuple_(bindparam("b_on", type_=lot.c.expires_on.type), bindparam("b_id")))
    .order_by(lot.c.expires_on, lot.c.id)
    .limit(bindparam("b_most"))
)
_NEXT = (
    select(lot.c.expires_on, func.sum(lot.c.open).label("points"))
    .where(*_OWN, _LAPSING, lot.c.expires_on >= bindparam("b_day", type_=lot.c.expires_on.type))
    .group_by(lot.c.expires_on)
    .order_by(lot.c.expires_on)
    .limit(bindparam("b_most"))
)
_TOLD = (
    select(lapse_notice.c.step)
    .where(
        lapse_notice.c.owner_id == lot.c.owner_id,
        lapse_notice.c.unit == lot.c.unit,
        lapse_notice.c.expires_on == lot.c.expires_on,
        lapse_notice.c.step <= bindparam("b_step"),
    )
    .exists()
)
_UNTOLD = (
    select(lot.c.owner_id, lot.c.expires_on)
    .where(_LAPSING, lot.c.unit == bindparam("b_unit"), lot.c.expires_on.between(bindparam("b_first"), bindparam("b_last")), ~_TOLD)
    .where(tuple_(lot.c.owner_id, lot.c.expires_on) > tuple_(bindparam("b_owner"), bindparam("b_on", type_=lot.c.expires_on.type)))
    .group_by(lot.c.owner_id, lot.c.expires_on)
    .order_by(lot.c.owner_id, lot.c.expires_on)
    .limit(bindparam("b_most"))
)
_WAITING = (
    select(pending.c.until, func.sum(pending.c.points).label("points"))
    .where(pending.c.owner_id == bindparam("b_owner"), pending.c.unit == bindparam("b_unit"), pending.c.released_at.is_(None))
    .group_by(pending.c.until)
    .order_by(pending.c.until)
)
_READY = (
    select(pending.c.award_id, pending.c.until)
    .where(pending.c.released_at.is_(None), pending.c.until <= bindparam("b_day", type_=pending.c.until.type))
    .where(tuple_(pending.c.until, pending.c.award_id) > tuple_(bindparam("b_on", type_=pending.c.until.type), bindparam("b_id")))
    .order_by(pending.c.until, pending.c.award_id)
    .limit(bindparam("b_most"))
)
_UNTIL = select(pending.c.hold_id, pending.c.until).where(pending.c.hold_id.in_(bindparam("b_holds", expanding=True)))
LOT_FIELDS = ("id", "owner_id", "unit", "month", "policy_id", "grace_until", "expires_on", "earned", *PLACES)
_ALL = select(*(lot.c[name] for name in LOT_FIELDS)).order_by(lot.c.owner_id, lot.c.unit, lot.c.month, lot.c.id)


@dataclass(frozen=True)
class DayOfPoints:
    """So many points and the day that counts for them: the last on which they can be spent, or the first."""

    day: date
    points: int


def lapsing(session: Session, owner_id: int, day: date, *, unit: str = POINTS, most: int = 36) -> list[DayOfPoints]:
    """Return what an owner can spend on ``day`` and until when, the first to lapse first; what never lapses, or has lapsed, is left out."""
    rows = session.connection().execute(_NEXT, {"b_owner": owner_id, "b_unit": unit, "b_day": day, "b_most": most})
    return [DayOfPoints(row.expires_on, int(row.points)) for row in rows]


def lapsing_on(session: Session, owner_id: int, day: date, *, unit: str = POINTS) -> int:
    """Return how many of an owner's points can be spent on ``day`` for the last time."""
    found = lapsing(session, owner_id, day, unit=unit, most=1)
    return found[0].points if found and found[0].day == day else 0


def waiting(session: Session, owner_id: int, *, unit: str = POINTS) -> list[DayOfPoints]:
    """Return what an owner has earned and cannot spend yet, by the day from which it can be spent."""
    rows = session.connection().execute(_WAITING, {"b_owner": owner_id, "b_unit": unit})
    return [DayOfPoints(row.until, int(row.points)) for row in rows]


def waits_until(session: Session, hold_ids: list[int]) -> dict[int, date]:
    """Return until when the points of these holds wait, for those that are no reward's."""
    return {row.hold_id: row.until for row in session.connection().execute(_UNTIL, {"b_holds": hold_ids})} if hold_ids else {}


def due_lots(session: Session, day: date, *, after: tuple[date, int], most: int) -> list[tuple[date, int]]:
    """Return last day and number of lots that have lapsed by ``day`` and are still open, behind ``after``."""
    rows = session.connection().execute(_DUE, {"b_day": day, "b_on": after[0], "b_id": after[1], "b_most": most})
    return [(row.expires_on, row.id) for row in rows]


def ready_awards(session: Session, day: date, *, after: tuple[date, int], most: int) -> list[tuple[date, int]]:
    """Return day and transfer of awards whose points wait no longer on ``day``, behind ``after``."""
    rows = session.connection().execute(_READY, {"b_day": day, "b_on": after[0], "b_id": after[1], "b_most": most})
    return [(row.until, row.award_id) for row in rows]


def untold(session: Session, day: date, step: int, *, after: tuple[int, date], most: int, unit: str = POINTS) -> list[tuple[int, date]]:
    """Return owners, behind ``after``, and days within ``step`` of ``day`` on which points lapse, if not told at this step or later."""
    facts = {"b_unit": unit, "b_step": step, "b_first": day, "b_last": day + timedelta(days=step), "b_most": most}
    facts |= {"b_owner": after[0], "b_on": after[1]}
    return [(row.owner_id, row.expires_on) for row in session.connection().execute(_UNTOLD, facts)]


def all_lots(session: Session) -> Iterator[tuple[Any, ...]]:
    """Give ``LOT_FIELDS`` of every lot, by owner and month; owners are numbers."""
    for row in session.connection().execute(_ALL, execution_options={"yield_per": CHUNK}):
        yield tuple(row)
