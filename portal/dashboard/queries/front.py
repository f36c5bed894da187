"""What the front page tells somebody who is not signed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.challenges.queries.catalogue import usual_review_time
from portal.dashboard.queries.figures import year_figures


@dataclass(frozen=True)
class FrontFigures:
    """Acts of this year, how many people they came from, and how long an answer usually takes; None where nothing was answered lately."""

    acts: int
    people: int
    answer: timedelta | None


def front_figures(session: Session, now: datetime) -> FrontFigures:
    """Return the figures of the programme."""
    acts, people = year_figures(session, now)
    return FrontFigures(acts, people, usual_review_time(session, now))
