"""In which weeks people were active, but for acts that may not be rewarded.

An act that was never given a week, being older than streaks, counts in the person's present zone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.rules.acts import UNREWARDED
from portal.kernel.clock import require_aware
from portal.kernel.db import programme_zone
from portal.kernel.schema import UTCDateTime
from portal.people.models import Person
from portal.people.rules.person import PersonState
from portal.recognition.models import ActWeek
from portal.recognition.rules.streaks import LOOKED_BACK, Streak, streak_of, week_of

EVER = datetime(1900, 1, 1, tzinfo=UTC)
_ACT: Any = Act.__table__
_WEEK: Any = ActWeek.__table__
_PERSON: Any = Person.__table__
_WHO = bindparam("person", type_=BigInteger)
_ZONE = select(_PERSON.c.time_zone).where(_PERSON.c.id == _WHO)
_OWN = (
    select(_ACT.c.happened_at, _WEEK.c.week)
    .outerjoin(_WEEK, _WEEK.c.act_id == _ACT.c.id)
    .where(_ACT.c.person_id == _WHO, _ACT.c.reversed_at.is_(None), _ACT.c.happened_at >= bindparam("since", type_=UTCDateTime))
    .where(_ACT.c.kind != UNREWARDED)
    .order_by(_ACT.c.happened_at)
)
_LAST = (
    select(_WEEK.c.week, _WEEK.c.zone)
    .join(_ACT, _ACT.c.id == _WEEK.c.act_id)
    .where(_ACT.c.person_id == _WHO, _ACT.c.reversed_at.is_(None), _ACT.c.happened_at <= bindparam("upto", type_=UTCDateTime))
    .order_by(_ACT.c.happened_at.desc(), _ACT.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True)
class WeekOfAct:
    """An act, and the week in which it counts."""

    person_id: int
    week: date
    happened_at: datetime


def zone_of(session: Session, person_id: int) -> str:
    """Return the zone in which a person's weeks begin: their own, else the programme's."""
    return session.connection().execute(_ZONE, {"person": person_id}).scalar() or programme_zone(session)


def last_week(session: Session, person_id: int, moment: datetime) -> tuple[date, str] | None:
    """Return week and zone of the person's last act up to ``moment`` that was given one."""
    row = session.connection().execute(_LAST, {"person": person_id, "upto": moment}).first()
    return (row.week, row.zone) if row else None


def weeks_of(session: Session, person_id: int, zone: str, now: datetime, *, is_whole: bool = False) -> list[date]:
    """Return the weeks (Mondays) in which a person was active during the last three years, or ever; a week comes as often as they were."""
    rows = session.connection().execute(_OWN, {"person": person_id, "since": EVER if is_whole else now - LOOKED_BACK})
    return [row.week or week_of(require_aware(row.happened_at), zone) for row in rows]


def streak_for(session: Session, person_id: int, now: datetime) -> Streak:
    """Return a person's streak as it stands now."""
    zone = zone_of(session, person_id)
    return streak_of(weeks_of(session, person_id, zone, now), week_of(now, zone))


def iter_weeks(session: Session, now: datetime) -> Iterator[WeekOfAct]:
    """Yield the live acts of the last three years of everybody who is not deactivated with their weeks, person by person, in order of time."""
    statement = (
        select(Act.person_id, Act.happened_at, ActWeek.week, Person.time_zone)
        .join(Person, Person.id == Act.person_id)
        .outerjoin(ActWeek, ActWeek.act_id == Act.id)
        .where(Act.reversed_at.is_(None), Act.kind != UNREWARDED, Person.state != PersonState.DEACTIVATED)
        .where(Act.happened_at >= now - LOOKED_BACK)
        .order_by(Act.person_id, Act.happened_at)
    )
    zone = programme_zone(session)
    rows: Sequence[Any]
    with session.execute(statement, execution_options={"yield_per": 2_000}) as found:
        for rows in found.partitions():
            for row in rows:
                at = require_aware(row.happened_at)
                yield WeekOfAct(row.person_id, row.week or week_of(at, row.time_zone or zone), at)
