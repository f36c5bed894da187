"""Which fields of companies and people were changed here by hand since an import wrote them: an import leaves those alone unless told."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.people.models import HandEdit

COMPANY, PERSON = "company", "person"


def note_by_hand(session: Session, actor: Actor, subject: str, subject_id: int, fields: Iterable[str], now: datetime) -> None:
    """Remember that somebody changed these fields in the portal, and who did so last."""
    maker = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    rows = [{"subject_type": subject, "subject_id": subject_id, "field": field, "by_id": actor.id, "at": now} for field in fields]
    if rows:
        made = maker.insert(HandEdit).values(rows)
        last = {"by_id": made.excluded.by_id, "at": made.excluded.at}
        session.execute(made.on_conflict_do_update(index_elements=["subject_type", "subject_id", "field"], set_=last))


def take_over(session: Session, subject: str, subject_id: int, fields: Iterable[str]) -> None:
    """Forget it: an import has written these fields anew."""
    theirs = (HandEdit.subject_type == subject, HandEdit.subject_id == subject_id, HandEdit.field.in_(sorted(fields)))
    session.execute(delete(HandEdit).where(*theirs))
