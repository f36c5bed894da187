"""Comments on a nomination."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.people.models import Person
from portal.references.models.nominating import Nomination, NominationComment
from portal.web.paging import AnySelect

MOST = 200


@dataclass(frozen=True)
class Said:
    """One comment."""

    author_id: int
    author: str
    text: str
    at: datetime


def comments_on(session: Session, nomination_id: int) -> list[Said]:
    """Return the last two hundred comments on a nomination and on those that were found to be duplicates of it, the oldest first."""
    found: AnySelect = (
        select(NominationComment.author_id, Person.name, NominationComment.text, NominationComment.at)
        .join(Person, Person.id == NominationComment.author_id)
        .join(Nomination, Nomination.id == NominationComment.nomination_id)
        .where(or_(Nomination.id == nomination_id, Nomination.duplicate_of_id == nomination_id))
        .order_by(NominationComment.id.desc())
        .limit(MOST)
    )
    return [Said(*row) for row in reversed(session.execute(found).all())]
