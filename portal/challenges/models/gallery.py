"""The table of the gallery."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.challenges.rules.gallery import REASON_LENGTH, Marks
from portal.kernel.schema import Base, BigId, UTCDateTime

_SHOWN = text("taken_back_at IS NULL AND withdrawn_at IS NULL AND hidden_at IS NULL")
_HIDDEN = text("hidden_at IS NOT NULL")


class GalleryItem(Base):
    """An uploaded file that all members see once its answer is approved; one row a submission and step, made with the first approval.

    It is shown while none of its marks is set (``rules/gallery.py``) and ``person_id`` can sign in. ``attempt_id`` is the answer that
    was approved, sent at ``agreed_at`` with the agreement of ``agreed_version`` in ``agreed_language``; ``agreed_text`` is its text as
    the portal's source has it. ``shown_at`` is the moment of the last approval and its place in the gallery.
    """

    __tablename__ = "gallery_item"
    __table_args__ = (
        UniqueConstraint("submission_id", "stage_id"),
        CheckConstraint("(hidden_at IS NULL) = (reason = '')", name="hidden_has_reason"),
        CheckConstraint("hidden_by_id IS NULL OR hidden_at IS NOT NULL", name="hidden_by_has_time"),
        CheckConstraint("agreed_text <> '' AND agreed_version > 0", name="agreed"),
        Index("ix_gallery_item_shown", "shown_at", "id", sqlite_where=_SHOWN, postgresql_where=_SHOWN),
        Index("ix_gallery_item_challenge_shown", "challenge_id", "shown_at", "id", sqlite_where=_SHOWN, postgresql_where=_SHOWN),
        Index("ix_gallery_item_hidden", "shown_at", "id", sqlite_where=_HIDDEN, postgresql_where=_HIDDEN),
        Index(None, "person_id", "shown_at", "id"),
        Index(None, "file_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(BigId, ForeignKey("submission.id"))
    stage_id: Mapped[int] = mapped_column(BigId, ForeignKey("stage.id"))
    attempt_id: Mapped[int] = mapped_column(BigId, ForeignKey("attempt.id"))
    file_id: Mapped[int] = mapped_column(BigId, ForeignKey("stored_file.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    challenge_id: Mapped[int] = mapped_column(BigId, ForeignKey("challenge.id"))
    agreed_text: Mapped[str] = mapped_column(Text)
    agreed_language: Mapped[str] = mapped_column(String(12))
    agreed_version: Mapped[int]
    agreed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    shown_at: Mapped[datetime] = mapped_column(UTCDateTime)
    taken_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH), default="")

    @property
    def marks(self) -> Marks:
        """What was done to it, as the rules read it."""
        return Marks(self.file_id, self.taken_back_at, self.withdrawn_at, self.hidden_at)
