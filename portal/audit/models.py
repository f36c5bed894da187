"""The audit log's one table."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime, append_only_ddl, attach_ddl


class AuditEvent(Base):
    """One change. ``name`` is ``subject.verb`` in the past tense (``reward.redeemed``).

    ``actor_id`` is a person, or empty for the portal itself; ``origin`` an IP address, ``cli``,
    ``job`` or ``import``. No foreign keys: the log outlives what it speaks of.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index(None, "subject_type", "subject_id", "id"),
        Index(None, "actor_id", "id"),
        Index(None, "name", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    actor_id: Mapped[int | None] = mapped_column(BigId)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None] = mapped_column(BigId)
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    origin: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


attach_ddl(AuditEvent.__table__, append_only_ddl("audit_event"))  # type: ignore[arg-type]
