"""The files room's one table."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.files.rules.kinds import PLAYED
from portal.kernel.schema import Base, BigId, UTCDateTime


class StoredFile(Base):
    """One file that is kept. On disk it has a random name (``storage_name``); ``filename`` is only shown.

    ``owner_id`` is the person who uploaded it, without a foreign key since people live on a
    higher floor. An erased file keeps its row, without name and content.
    """

    __tablename__ = "stored_file"
    __table_args__ = (
        CheckConstraint("size > 0", name="size_positive"),
        CheckConstraint("(width IS NULL) = (height IS NULL)", name="measured_whole"),
        Index(None, "owner_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    storage_name: Mapped[str] = mapped_column(String(40), unique=True)
    filename: Mapped[str] = mapped_column(String(160))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int | None] = mapped_column(BigId)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def is_image(self) -> bool:
        """Whether it was written anew as a picture, and so may be shown in a page."""
        return self.width is not None

    @property
    def is_video(self) -> bool:
        """Whether a page of ours may play it."""
        return self.media_type in PLAYED
