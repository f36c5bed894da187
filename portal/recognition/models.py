"""What each person earned in each period, and the fence posts that tell a place without counting from the top."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime

# Written as text in the index and in every query: SQLite's planner uses a partial index only for the same words.
ON_BOARD = text("period_score.is_shown AND period_score.score > 0")
# For statements that bound the score from below by themselves: SQLite seeks by one lower bound only, and might take the zero.
LISTED = text("period_score.is_shown")


class PeriodScore(Base):
    """Points that a person earned in a period (``all``, ``2026-Q4``, ``2026-11``).

    ``first_neg`` is when the score was reached, in negated microseconds, so that bigger is better
    in every column and one index serves both directions. ``is_shown`` leaves out who is not listed.
    """

    __tablename__ = "period_score"
    __table_args__ = (
        Index(
            "ix_period_score_board",
            "period",
            "score",
            "first_neg",
            "member_id",
            # Named by the condition, too: with it here, counting places reads no row, which SQLite would otherwise do.
            "is_shown",
            sqlite_where=text("is_shown"),
            postgresql_where=text("is_shown"),
        ),
        # Counting by index alone stays quick only while the dead rows of earlier scores are swept often.
        {"postgresql_with": {"autovacuum_vacuum_scale_factor": 0.02}},
    )

    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    period: Mapped[str] = mapped_column(String(8), primary_key=True)
    score: Mapped[int] = mapped_column(BigInteger)
    first_neg: Mapped[int] = mapped_column(BigInteger)
    is_shown: Mapped[bool]


class Fence(Base):
    """Every 1,000th place of a long board as it stood at the last build. ``position`` counts from 1."""

    __tablename__ = "fence"

    period: Mapped[str] = mapped_column(String(8), primary_key=True)
    score: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_neg: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Integer)


class FenceBuild(Base):
    """When the fences of a period were built, and what the board looked like then, so that an unchanged one is not built again.

    ``looked_at`` is when that was compared last.
    """

    __tablename__ = "fence_build"

    period: Mapped[str] = mapped_column(String(8), primary_key=True)
    built_at: Mapped[datetime] = mapped_column(UTCDateTime)
    looked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    members: Mapped[int] = mapped_column(BigInteger)
    points: Mapped[int] = mapped_column(BigInteger)
    latest_neg: Mapped[int] = mapped_column(BigInteger)
