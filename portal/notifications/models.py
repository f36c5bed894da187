"""The outbox (the promise of a job) and the notices of the inbox."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime

_OPEN = "done_at IS NULL AND dead_at IS NULL"
_DEAD = "dead_at IS NOT NULL"
_UNREAD = "read_at IS NULL"


class OutboxJob(Base):
    """One promised job. Written in the business transaction; done, or dead after ten tries.

    ``leased_by`` names one attempt of one worker, so that an attempt which lost its lease cannot
    speak for the next. ``payload`` is emptied when the job is done: it may hold a one-time link.
    Ids are never used twice, since a mail's Message-ID is made of them.
    """

    __tablename__ = "outbox_job"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint("done_at IS NULL OR dead_at IS NULL", name="one_end"),
        CheckConstraint("(lease_until IS NULL) = (leased_by IS NULL)", name="lease_whole"),
        CheckConstraint("tries >= 0", name="tries_counted"),
        Index("ix_outbox_job_open", "available_at", "id", sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
        Index("ix_outbox_job_dead", "dead_at", "id", sqlite_where=text(_DEAD), postgresql_where=text(_DEAD)),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    topic: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    key: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    available_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    leased_by: Mapped[str | None] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(Integer)
    last_error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    dead_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Notice(Base):
    """One line of a person's inbox. Its words are those of the mail's subject, rendered in the reader's language when read."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("person_id", "key"),
        Index("ix_notice_person_id_created_at_id", "person_id", "created_at", "id"),
        Index("ix_notice_unread", "person_id", sqlite_where=text(_UNREAD), postgresql_where=text(_UNREAD)),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(60))
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    link: Mapped[str | None] = mapped_column(String(300))
    key: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
