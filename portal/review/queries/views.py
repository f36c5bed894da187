"""The views that a person keeps."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.review.models import SavedView


def views_of(session: Session, person_id: int) -> Sequence[SavedView]:
    """Return the person's views, in the order in which they were kept."""
    return session.scalars(select(SavedView).where(SavedView.person_id == person_id).order_by(SavedView.id)).all()
