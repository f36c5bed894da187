"""Writing the audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.actor import Actor

_INSERT = insert(AuditEvent.__table__)  # type: ignore[arg-type]


def record(session: Session, actor: Actor, name: str, subject_type: str, subject_id: int | None, *, now: datetime, **data: Any) -> None:
    """Record that ``actor`` did ``name`` to the subject. ``data`` holds what changed, never a secret; it must be JSON."""
    row = {"name": name, "actor_id": actor.id, "subject_type": subject_type, "subject_id": subject_id, "data": data}
    session.execute(_INSERT, [row | {"origin": actor.origin[:64], "request_id": actor.request_id[:64], "at": now}])
