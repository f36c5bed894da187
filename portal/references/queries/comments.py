"""Comments on a nomination."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.models import Person
from portal.references.models.nominating import NominationComment
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
    """Return the last two hundred comments on a nomination, the oldest first."""
    found: AnySelect = (
        select(NominationComment.author_id, Person.name, NominationComment.text, NominationComment.at)
        .join(Person, Person.id == NominationComment.author_id)
        .where(NominationComment.nomination_id == nomination_id)
        .order_by(NominationComment.id.desc())
        .limit(MOST)
    )
    return [Said(*row) for row in reversed(session.execute(found).all())]
