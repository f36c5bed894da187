"""The terms as they stand."""

from datetime import date

from sqlalchemy.orm import Session

from portal.kernel.db import programme_zone
from portal.review.models import ReviewTerms
from portal.review.rules.due import Calendar
from portal.review.rules.terms import Terms


def terms_of(session: Session) -> Terms:
    """Return the terms: as admins set them, or those of the house."""
    row = session.get(ReviewTerms, 1)
    if row is None:
        return Terms()
    return Terms(dict(row.days), tuple(date.fromisoformat(day) for day in row.holidays), row.four_eyes_above)


def calendar_of(session: Session, terms: Terms | None = None) -> Calendar:
    """Return the business days of the programme."""
    return (terms or terms_of(session)).calendar(programme_zone(session))
