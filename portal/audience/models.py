"""Two tables: audiences and their rules."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.audience.rules import Mode, Side
from portal.kernel.schema import Base, BigId, Json, UTCDateTime, one_of


class Audience(Base):
    """Who is meant by something. Rooms point at it; it does not know at what.

    What admins edit (``include_mode``, rules not removed) is put live as a whole; until then
    ``live_include_mode`` and the rules that are live count. ``revision`` grows with every edit, so
    that nobody puts live what they have not seen; ``stamp`` is new with everything put live, and
    names what the live rules were built from.
    """

    __tablename__ = "audience"
    __table_args__ = tuple(one_of(name, Mode) for name in ("include_mode", "exclude_mode", "live_include_mode", "live_exclude_mode"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    include_mode: Mapped[str] = mapped_column(String(4))
    exclude_mode: Mapped[str] = mapped_column(String(4))
    live_include_mode: Mapped[str] = mapped_column(String(4))
    live_exclude_mode: Mapped[str] = mapped_column(String(4))
    revision: Mapped[int]
    stamp: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class AudienceRule(Base):
    """One rule. ``kind`` names a class in ``kinds/`` or in a higher room, which alone knows what ``options`` means.

    Added (``created_at``), put live (``live_at``), removed by an admin (``removed_at``), and out of
    force once that is put live too (``ended_at``). A changed rule is a new row in the old one's
    place. Rows stay, so that the form that made one cannot make it again. No CHECK on ``kind``: a
    new one touches one file.
    """

    __tablename__ = "audience_rule"
    __table_args__ = (
        one_of("side", Side),
        CheckConstraint("ended_at IS NULL OR removed_at IS NOT NULL", name="removed_before_ended"),
        UniqueConstraint("made_by"),
        Index(None, "audience_id", "position"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    audience_id: Mapped[int] = mapped_column(ForeignKey("audience.id"))
    side: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(24))
    options: Mapped[dict[str, Any]] = mapped_column(Json)
    position: Mapped[int]
    made_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    live_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
