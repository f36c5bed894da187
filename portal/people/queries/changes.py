"""When people changed what they sign in with: a password, an address. Read from the audit log, which cannot be changed."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent

PASSWORD_CHANGED, EDITED = "person.password_changed", "person.edited"


def sign_in_changed(session: Session, person_ids: Iterable[int], since: datetime) -> dict[int, datetime]:
    """Return, for each of ``person_ids`` whose password or address changed at or after ``since``, when it did last."""
    about = (AuditEvent.subject_type == "person", AuditEvent.subject_id.in_(set(person_ids)))
    found = select(AuditEvent).where(*about, AuditEvent.name.in_((PASSWORD_CHANGED, EDITED)), AuditEvent.at >= since).order_by(AuditEvent.id)
    changed: dict[int, datetime] = {}
    for event in session.scalars(found):
        if event.subject_id is not None and (event.name == PASSWORD_CHANGED or "email" in event.data.get("fields", ())):
            changed[event.subject_id] = event.at
    return changed
