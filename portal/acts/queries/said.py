"""Since when somebody rules something out or pauses under *My asks*, and whether they said so themself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.models.asks import PersonGoodwill
from portal.audit.models import AuditEvent

LOOKED_AT = 200


@dataclass(frozen=True)
class RuledOut:
    """Since when, and whether the person said so or an admin wrote it down for them."""

    since: datetime
    is_own: bool


def ruled_out(session: Session, person_id: int, kinds: Collection[str]) -> dict[str, RuledOut]:
    """Return for each of ``kinds`` that a person does not want now, since when that holds, however often they changed something else since."""
    row = session.get(PersonGoodwill, person_id)
    unwanted = set(kinds) & set(row.terms.unwanted) if row is not None else set()
    if row is None or row.set_at is None or not unwanted:
        return {}
    found = dict.fromkeys(unwanted, RuledOut(row.set_at, row.set_by_id == person_id))
    mine = (AuditEvent.subject_type == "person", AuditEvent.subject_id == person_id, AuditEvent.name == "person.goodwill_set")
    said = select(AuditEvent.at, AuditEvent.actor_id, AuditEvent.data).where(*mine).order_by(AuditEvent.id.desc()).limit(LOOKED_AT)
    open_ = set(unwanted)
    for at, actor_id, data in session.execute(said):
        open_ &= set(data["after"]["unwanted"])
        found |= dict.fromkeys(open_, RuledOut(at, actor_id == person_id))
        open_ &= set(data["before"]["unwanted"])
        if not open_:
            break
    return found


def paused_since(session: Session, until: date, *, person_id: int | None = None, company_id: int | None = None) -> RuledOut | None:
    """Return since when a pause ``until`` a day holds that is not over, however often something else was changed since; None where nobody knows."""
    of, its_id = ("person", person_id) if person_id is not None else ("company", company_id)
    theirs = (AuditEvent.subject_type == of, AuditEvent.subject_id == its_id, AuditEvent.name == f"{of}.goodwill_set")
    said = select(AuditEvent.at, AuditEvent.actor_id, AuditEvent.data).where(*theirs).order_by(AuditEvent.id.desc()).limit(LOOKED_AT)
    found: RuledOut | None = None
    for at, actor_id, data in session.execute(said):
        if data["after"]["paused_until"] != until.isoformat():
            break
        found = RuledOut(at, actor_id == person_id)
        if data["before"]["paused_until"] != until.isoformat():
            break
    return found
