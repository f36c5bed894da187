"""What each person earned in each period, the fence posts that tell a place without counting from the top, levels, badges, weeks, seasons."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime, attach_ddl, one_of
from portal.recognition.rules.badges import HOW_LENGTH, REASON_LENGTH, Art, BadgeState, Cause, Tone, Way
from portal.recognition.rules.badges import NAME_LENGTH as BADGE_LENGTH
from portal.recognition.rules.boards import KEY_LENGTH
from portal.recognition.rules.levels import NAME_LENGTH as LEVEL_LENGTH
from portal.recognition.rules.seasons import NAME_LENGTH as SEASON_LENGTH
from portal.recognition.sums import KEPT

# Written as text in the index and in every query: SQLite's planner uses a partial index only for the same words.
ON_BOARD = text("period_score.is_shown AND period_score.score > 0")
# For statements that bound the score from below by themselves: SQLite seeks by one lower bound only, and might take the zero.
LISTED = text("period_score.is_shown")
_HELD, _OPEN = text("revoked_at IS NULL"), text("closed_at IS NULL")


class PeriodScore(Base):
    """Points that a person earned on a board: a period (``all``, ``2026-Q4``, ``2026-11``), a season (``s3``), or one track of them (``s3/engage``).

    ``first_neg`` is when the score was reached, in negated microseconds, so that bigger is better
    in every column and one index serves both directions. ``is_shown`` leaves out who is not listed.
    ``company_id`` is the company it counts for: none for who stands there under a nickname.
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
    period: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    score: Mapped[int] = mapped_column(BigInteger)
    first_neg: Mapped[int] = mapped_column(BigInteger)
    is_shown: Mapped[bool]
    # Follows the person's by a trigger. It points at no row by itself: a company with rows here has people, who do.
    company_id: Mapped[int | None] = mapped_column(BigId)


class CompanyScore(Base):
    """What the people of a company who stand on a board by name earned together (``points``), how many they are, and when the last reached theirs.

    Kept by triggers on the scores: see ``sums``. Nothing else writes it. A company without points has no row.
    """

    __tablename__ = "company_score"
    __table_args__ = (
        Index("ix_company_score_board", "period", "points", "first_neg", "company_id"),
        CheckConstraint("points > 0 AND members > 0", name="somebody_counts"),
        # As on the people's scores.
        {"postgresql_with": {"autovacuum_vacuum_scale_factor": 0.02}},
    )

    company_id: Mapped[int] = mapped_column(BigId, ForeignKey("company.id"), primary_key=True, autoincrement=False)
    period: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger)
    members: Mapped[int] = mapped_column(BigInteger)
    first_neg: Mapped[int] = mapped_column(BigInteger)


class Fence(Base):
    """Every 1,000th place of a long board as it stood at the last build. ``position`` counts from 1."""

    __tablename__ = "fence"

    period: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    score: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_neg: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Integer)


class FenceBuild(Base):
    """When the fences of a period were built, and what the board looked like then, so that an unchanged one is not built again.

    ``looked_at`` is when that was compared last.
    """

    __tablename__ = "fence_build"

    period: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    built_at: Mapped[datetime] = mapped_column(UTCDateTime)
    looked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    members: Mapped[int] = mapped_column(BigInteger)
    points: Mapped[int] = mapped_column(BigInteger)
    latest_neg: Mapped[int] = mapped_column(BigInteger)


class Level(Base):
    """A level by lifetime points. Its number is its place among the thresholds; who has reached it is never stored."""

    __tablename__ = "level"
    __table_args__ = (CheckConstraint("threshold >= 0", name="threshold_not_negative"), CheckConstraint("name <> ''", name="has_name"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(LEVEL_LENGTH))
    threshold: Mapped[int] = mapped_column(BigInteger)


class Celebration(Base):
    """That a person was, or is to be, congratulated: once for ever for each cause. Closed once it has been seen, or at once if it was silent."""

    __tablename__ = "celebration"
    __table_args__ = (
        UniqueConstraint("person_id", "cause", "subject_id"),
        Index("ix_celebration_open", "person_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        one_of("cause", Cause),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    cause: Mapped[str] = mapped_column(String(8))
    subject_id: Mapped[int] = mapped_column(BigId)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Badge(Base):
    """A badge: what it looks like, how it is earned in an admin's words (``how``), and the rule with its facts (``options``).

    ``starter`` names which of the badges we drew it began as.
    """

    __tablename__ = "badge"
    __table_args__ = (
        UniqueConstraint("name"),
        UniqueConstraint("starter"),
        UniqueConstraint("made_by"),
        Index(None, "state", "id"),
        one_of("state", BadgeState),
        one_of("art", Art),
        one_of("tone", Tone),
        CheckConstraint("name <> ''", name="has_name"),
        CheckConstraint("(state = 'draft') = (live_at IS NULL)", name="live_has_time"),
        CheckConstraint("(state = 'retired') = (retired_at IS NOT NULL)", name="retired_has_time"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(BADGE_LENGTH))
    how: Mapped[str] = mapped_column(String(HOW_LENGTH))
    art: Mapped[str] = mapped_column(String(16))
    tone: Mapped[str] = mapped_column(String(8))
    rule: Mapped[str] = mapped_column(String(16))
    options: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(8))
    starter: Mapped[str | None] = mapped_column(String(24))
    made_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    live_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class BadgeHolding(Base):
    """That a person has, or had, a badge. One that was lost stays as a row; ``is_barred`` means an admin took it, so no rule gives it back."""

    __tablename__ = "badge_holding"
    __table_args__ = (
        Index("uq_badge_holding_live", "badge_id", "person_id", unique=True, sqlite_where=_HELD, postgresql_where=_HELD),
        Index(None, "person_id"),
        Index(None, "badge_id", "awarded_at", "id"),
        one_of("way", Way),
        CheckConstraint("NOT is_barred OR revoked_at IS NOT NULL", name="barred_is_revoked"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    badge_id: Mapped[int] = mapped_column(BigId, ForeignKey("badge.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    way: Mapped[str] = mapped_column(String(8))
    awarded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    given_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    revoked_reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    is_barred: Mapped[bool]


class ActWeek(Base):
    """In which week (its Monday) an act counts for streaks, and the zone it was lived in: both as they were then, so that moving gains nothing."""

    __tablename__ = "act_week"

    act_id: Mapped[int] = mapped_column(BigId, ForeignKey("act.id"), primary_key=True, autoincrement=False)
    week: Mapped[date] = mapped_column(Date)
    zone: Mapped[str] = mapped_column(String(64))


class Season(Base):
    """A stretch of days in the programme's zone with a board of its own. Closed, it has a standing for ever."""

    __tablename__ = "season"
    __table_args__ = (
        UniqueConstraint("made_by"),
        Index(None, "starts_on"),
        Index("ix_season_open", "ends_on", sqlite_where=_OPEN, postgresql_where=_OPEN),
        CheckConstraint("ends_on >= starts_on", name="runs_forward"),
        CheckConstraint("name <> ''", name="has_name"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(SEASON_LENGTH))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    made_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SeasonStanding(Base):
    """Where somebody stood when a season closed. ``position`` is the line (1, 2, 3), ``place`` the rank that equal points share (1, 1, 3)."""

    __tablename__ = "season_standing"
    __table_args__ = (Index(None, "season_id", "position"), Index(None, "person_id"))

    season_id: Mapped[int] = mapped_column(BigId, ForeignKey("season.id"), primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Integer)
    place: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(BigInteger)


attach_ddl(PeriodScore.__table__, KEPT)  # type: ignore[arg-type]
