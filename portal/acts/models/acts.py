"""The one table of acts."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime, one_of
from portal.kernel.tracks import Track

_LIVE = text("reversed_at IS NULL")


class Act(Base):
    """One approved act of advocacy.

    ``kind`` is what it was (``challenge``), ``source_type`` and ``source_id`` the row it came from.
    ``company_id`` is the company at that time: a person who moves on takes nothing from it. A
    source counts once; where an approval is taken back the act is marked, never removed, and
    approving again makes a new one.
    """

    __tablename__ = "act"
    __table_args__ = (
        one_of("track", Track),
        CheckConstraint("points >= 0", name="points_not_negative"),
        Index("uq_act_live_source", "source_type", "source_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index(None, "person_id", "happened_at"),
        Index(None, "company_id", "happened_at"),
        Index(None, "happened_at"),
        # Counting the acts of everybody at once, for audiences: read in order of people from the index alone.
        Index("ix_act_record", "person_id", "track", "kind", "happened_at", sqlite_where=_LIVE, postgresql_where=_LIVE),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    kind: Mapped[str] = mapped_column(String(40))
    track: Mapped[str] = mapped_column(String(16))
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigId)
    points: Mapped[int]
    happened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reversed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
