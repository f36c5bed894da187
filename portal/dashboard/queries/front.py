"""What the front page tells somebody who is not signed in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from portal.acts.models import Act
from portal.challenges.queries.catalogue import usual_review_time
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.db import programme_zone


@dataclass(frozen=True)
class FrontFigures:
    """Acts of this year, how many people they came from, and how long an answer usually takes; None where nothing was answered lately."""

    acts: int
    people: int
    answer: timedelta | None


def front_figures(session: Session, now: datetime) -> FrontFigures:
    """Return the live figures of the programme."""
    zone = programme_zone(session)
    since = start_of_day(date(local_date(now, zone).year, 1, 1), zone)
    counted = select(func.count(), func.count(distinct(Act.person_id))).where(
        Act.happened_at >= since, Act.happened_at < now, Act.reversed_at.is_(None)
    )
    row = session.execute(counted).one()
    return FrontFigures(row[0], row[1], usual_review_time(session, now))
