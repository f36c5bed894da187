"""Keeping and deleting views of the queue."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotFound
from portal.kernel.text import clean_line, fold
from portal.review.models import SavedView
from portal.review.rules.refusals import NothingToKeep, TooManyViews, ViewNameMissing, ViewNameTaken

NAME_LENGTH, QUERY_LENGTH, MOST_VIEWS = 60, 600, 20


def keep_view(session: Session, actor: Actor, *, name: str, query: str, now: datetime) -> SavedView:
    """Keep a filter under a name. Refuses none, one that the person has already, a filter that filters nothing, and more than 20."""
    assert actor.id is not None
    name = clean_line(name)[:NAME_LENGTH]
    if not name:
        raise ViewNameMissing()
    if not query or len(query) > QUERY_LENGTH:
        raise NothingToKeep()
    if (session.scalar(select(func.count()).where(SavedView.person_id == actor.id)) or 0) >= MOST_VIEWS:
        raise TooManyViews(most=MOST_VIEWS)
    made = SavedView(person_id=actor.id, name=name, name_key=fold(name)[: 2 * NAME_LENGTH], query=query, made_at=now)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if violated(error, "saved_view", "person_id", "name_key"):
            raise ViewNameTaken() from error
        raise
    return made


def delete_view(session: Session, actor: Actor, *, view_id: int) -> None:
    """Delete one of the actor's own views. Refuses another's (``NotFound``)."""
    own = delete(SavedView).where(SavedView.id == view_id, SavedView.person_id == actor.id)
    if not session.execute(own).rowcount:  # type: ignore[attr-defined]
        raise NotFound()
