"""Terms of a room: one row that admins change, by who saw it as it stands, with before and after in the log."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import take_turn
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen

T = TypeVar("T")


@dataclass(frozen=True)
class TermsOf(Generic[T]):
    """How a room keeps its terms. ``model`` has ``id`` 1, ``changed_at`` and ``changed_by_id``; ``read`` gives what stands, of the house too.

    ``columns`` is what the table keeps, ``shows`` what the editor shows, ``facts`` what the log tells; ``event`` and ``subject`` are its
    words. Whoever changes anything that stands under ``turn`` waits for who is at it.
    """

    model: type[Any]
    read: Callable[[Session], T]
    columns: Callable[[T], Mapping[str, Any]]
    shows: Callable[[T], Mapping[str, object]]
    facts: Callable[[T], Mapping[str, Any]]
    event: str
    subject: str
    turn: str


def keep_terms(session: Session, actor: Actor, how: TermsOf[T], wanted: T, *, seen: str | None, now: datetime) -> T:
    """Keep the terms from now on; the same once more is nothing. Refuses: NotAllowed for who is no admin, ChangedMeanwhile."""
    if not actor.is_admin:
        raise NotAllowed()
    take_turn(session, how.turn)
    session.get(how.model, 1, populate_existing=True)
    before = how.read(session)
    if wanted == before:
        return wanted
    require_seen(how.shows(before), seen)
    row = session.get(how.model, 1) or how.model(id=1)
    for name, value in how.columns(wanted).items():
        setattr(row, name, value)
    row.changed_at, row.changed_by_id = now, actor.id
    session.add(row)
    session.flush()
    record(session, actor, how.event, how.subject, None, now=now, before=dict(how.facts(before)), after=dict(how.facts(wanted)))
    return wanted
