"""The table of joining by link. What people then offer to do is their reference profile."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime


class NominationLink(Base):
    """A link by which the nominee answers without signing in. The token travels in the link only; the table holds its hash."""

    __tablename__ = "nomination_link"
    __table_args__ = (Index(None, "token_hash", unique=True), Index(None, "nomination_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    nomination_id: Mapped[int] = mapped_column(BigId, ForeignKey("nomination.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
