"""Tables of the vault: imports, and sealed codes. No row holds anything that can be read without a key."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime, one_of
from portal.vault.rules import CodeState


class CodeBatch(Base):
    """One import. ``shelf`` is what the codes are for, as whoever uses the vault calls it; ``made_by`` the key of the form.

    ``faults`` are lines that were left out, each (line, why), the first two hundred; ``left_out`` counts them all. Who imported and undid it has no
    foreign key, since people live on a higher floor.
    """

    __tablename__ = "code_batch"
    __table_args__ = (
        UniqueConstraint("made_by"),
        CheckConstraint("added >= 0 AND removed >= 0 AND left_out >= 0", name="counted"),
        CheckConstraint("undone_at IS NOT NULL OR removed = 0", name="removed_when_undone"),
        Index(None, "shelf", "id"),
        Index(None, "confirmed_at", "added_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shelf: Mapped[str] = mapped_column(String(40))
    filename: Mapped[str] = mapped_column(String(120))
    made_by: Mapped[str] = mapped_column(String(64))
    added: Mapped[int]
    left_out: Mapped[int]
    faults: Mapped[list[Any]] = mapped_column(Json)
    added_by_id: Mapped[int | None] = mapped_column(BigId)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_by_id: Mapped[int | None] = mapped_column(BigId)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    removed: Mapped[int]


class VaultCode(Base):
    """One code. ``sealed`` is opened in one place only, when it is shown to its ``holder``; ``sealed_with`` names the key.

    ``shown_key`` is the hash of the form that showed it, so that a second click is the same look. A code that was bought for
    one holder belongs to no batch. ``expires_on`` is the last day on which it can be used, a day that never comes where it does not lapse.
    """

    __tablename__ = "vault_code"
    __table_args__ = (
        one_of("state", CodeState),
        UniqueConstraint("fingerprint"),
        UniqueConstraint("holder"),
        CheckConstraint("(holder IS NULL) = (state IN ('staged', 'free', 'lapsed'))", name="held_when_taken"),
        CheckConstraint("(holder IS NULL) = (taken_at IS NULL)", name="taken_has_time"),
        CheckConstraint("(shown_at IS NULL) = (times_shown = 0)", name="shown_has_time"),
        CheckConstraint("state <> 'shown' OR times_shown > 0", name="shown_is_counted"),
        Index(None, "shelf", "state", "expires_on", "id"),
        Index(None, "batch_id", "state"),
        Index(None, "sealed_with", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shelf: Mapped[str] = mapped_column(String(40))
    batch_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("code_batch.id"))
    sealed: Mapped[str] = mapped_column(Text, deferred=True)
    sealed_with: Mapped[str] = mapped_column(String(16))
    fingerprint: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8))
    expires_on: Mapped[date] = mapped_column(Date)
    holder: Mapped[str | None] = mapped_column(String(60))
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    shown_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    times_shown: Mapped[int]
    shown_key: Mapped[str | None] = mapped_column(String(64))
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
