"""Challenges, their versions and stages: what is offered, and to whom."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.challenges.rules.states import ChallengeState, Period
from portal.kernel.schema import Base, BigId, Json, UTCDateTime, WordList, attach_ddl, one_of
from portal.kernel.tracks import Track

_UNPUBLISHED = text("published_at IS NULL")


_OFFERED_FIRST = text("welcome_at IS NOT NULL")


_OF_VERSION = ("challenge_version.challenge_id", "challenge_version.number")


class Challenge(Base):
    """Something advocates are asked to do, with what it offers now: the fields of its version ``version``.

    That is the version published last, or, before the first publication, the draft. Lists of what is offered read this
    row; whoever has begun reads the version they began with, in lists too. What was paid stands on attempts
    and in the ledger. It can be done ``per_period`` times per ``period``. ``max_attempts`` bounds how often one
    submission may be declined; empty is without limit. ``is_record_only``: made by an import,
    closed and never offered. ``total_limit`` is for "the first N": then ``taken`` counts the
    submissions that hold a place (``has_place``), and is only changed by a guarded UPDATE. ``interests`` are those of
    ``people.rules.interest`` that it touches. ``search_key`` is title and summary folded for searching, ``made_by``
    the key of the form that made it. ``welcome_at``: since when new members are offered it first; of one challenge at most.
    """

    __tablename__ = "challenge"
    __table_args__ = (
        one_of("track", Track),
        one_of("period", Period),
        one_of("state", ChallengeState),
        CheckConstraint("points >= 0", name="points_not_negative"),
        CheckConstraint("minutes > 0", name="minutes_positive"),
        CheckConstraint("per_period > 0", name="per_period_positive"),
        CheckConstraint("max_attempts > 0", name="max_attempts_positive"),
        CheckConstraint("closes_on >= opens_on", name="dates_in_order"),
        CheckConstraint("total_limit > 0", name="total_limit_positive"),
        CheckConstraint("taken >= 0", name="taken_not_negative"),
        UniqueConstraint("made_by"),
        Index(None, "state", "track"),
        Index(None, "title"),
        # Never a record of an import, so that this holds one row at most.
        Index("uq_challenge_welcome", "is_record_only", unique=True, sqlite_where=_OFFERED_FIRST, postgresql_where=_OFFERED_FIRST),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    track: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(240))
    text: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    points: Mapped[int]
    minutes: Mapped[int | None]
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    period: Mapped[str] = mapped_column(String(8))
    per_period: Mapped[int]
    max_attempts: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(8))
    version: Mapped[int] = mapped_column(default=1)
    total_limit: Mapped[int | None]
    interests: Mapped[tuple[str, ...]] = mapped_column(WordList(80), nullable=True)
    taken: Mapped[int] = mapped_column(default=0)
    is_record_only: Mapped[bool]
    made_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    welcome_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ChallengeAudience(Base):
    """Which audience a challenge is meant for; without a row it is meant for everybody.

    A table of its own, not a column: SQLite would have to rebuild ``challenge`` under the rows that point at it.
    """

    __tablename__ = "challenge_audience"
    __table_args__ = (UniqueConstraint("audience_id"),)

    challenge_id: Mapped[int] = mapped_column(BigId, ForeignKey("challenge.id"), primary_key=True, autoincrement=False)
    audience_id: Mapped[int] = mapped_column(BigId, ForeignKey("audience.id"))


class ChallengeVersion(Base):
    """What a challenge offers and asks, as it was published the ``number``-th time; the one without ``published_at`` is the draft of the next.

    A challenge has at most one draft. Publishing freezes a version with its stages, in the database
    too. ``asked_by_id`` asked a second admin to look at the draft before it is published.
    """

    __tablename__ = "challenge_version"
    __table_args__ = (
        one_of("track", Track),
        one_of("period", Period),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("points >= 0", name="points_not_negative"),
        CheckConstraint("minutes > 0", name="minutes_positive"),
        CheckConstraint("per_period > 0", name="per_period_positive"),
        CheckConstraint("max_attempts > 0", name="max_attempts_positive"),
        CheckConstraint("closes_on >= opens_on", name="dates_in_order"),
        CheckConstraint("total_limit > 0", name="total_limit_positive"),
        CheckConstraint("(asked_by_id IS NULL) OR (asked_at IS NOT NULL)", name="asked_has_time"),
        Index("uq_challenge_version_draft", "challenge_id", unique=True, sqlite_where=_UNPUBLISHED, postgresql_where=_UNPUBLISHED),
    )

    challenge_id: Mapped[int] = mapped_column(BigId, ForeignKey("challenge.id"), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    track: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(240))
    text: Mapped[str] = mapped_column(Text)
    points: Mapped[int]
    minutes: Mapped[int | None]
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    period: Mapped[str] = mapped_column(String(8))
    per_period: Mapped[int]
    max_attempts: Mapped[int | None]
    total_limit: Mapped[int | None]
    interests: Mapped[tuple[str, ...]] = mapped_column(WordList(80), nullable=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    asked_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class Prerequisite(Base):
    """A challenge that has to be done before this version of another can be begun."""

    __tablename__ = "challenge_prerequisite"
    __table_args__ = (
        ForeignKeyConstraint(["challenge_id", "version"], _OF_VERSION),
        CheckConstraint("requires_id <> challenge_id", name="of_another"),
    )

    challenge_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    requires_id: Mapped[int] = mapped_column(BigId, ForeignKey("challenge.id"), primary_key=True, autoincrement=False)


class Stage(Base):
    """One step of one version of a challenge. ``kind`` names a class in ``stages/``, which alone knows what ``options`` means.

    ``points`` are a part of the points of the whole. ``origin_id`` is the step of an earlier version
    that this one was first copied from. A removed stage stays, because answers may point at it. No
    CHECK on ``kind``: a new one touches one file.
    """

    __tablename__ = "stage"
    __table_args__ = (
        UniqueConstraint("made_by"),
        CheckConstraint("points >= 0", name="points_not_negative"),
        ForeignKeyConstraint(["challenge_id", "version"], _OF_VERSION),
        Index(None, "challenge_id", "version", "position"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"))
    version: Mapped[int] = mapped_column(default=1)
    origin_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("stage.id"))
    points: Mapped[int] = mapped_column(default=0)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    options: Mapped[dict[str, Any]] = mapped_column(Json)
    made_by: Mapped[str | None] = mapped_column(String(64))
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


def version_ddl() -> dict[str, list[str]]:
    """Return the triggers that keep a version as it was published."""
    when = "OLD.published_at IS NOT NULL"
    sqlite, postgresql = [], []
    for event in ("update", "delete"):
        head = f"CREATE TRIGGER challenge_version_no_{event} BEFORE {event.upper()} ON challenge_version"
        sqlite.append(f"{head} WHEN {when} BEGIN SELECT RAISE(ABORT, 'challenge_version is frozen'); END")
        postgresql.append(f"{head} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse_change()")
    return {"sqlite": sqlite, "postgresql": postgresql}


def stage_ddl() -> dict[str, list[str]]:
    """Return the triggers that let no step be added to, changed in or taken from a published version."""
    of_row = "SELECT 1 FROM challenge_version WHERE challenge_id = {row}.challenge_id AND number = {row}.version AND published_at IS NOT NULL"
    sqlite, postgresql = [], [STAGE_FUNCTION]
    for event, row in (("insert", "NEW"), ("update", "OLD"), ("delete", "OLD")):
        head = f"CREATE TRIGGER stage_no_{event} BEFORE {event.upper()} ON stage"
        sqlite.append(f"{head} WHEN EXISTS ({of_row.format(row=row)}) BEGIN SELECT RAISE(ABORT, 'stage is frozen'); END")
        postgresql.append(f"{head} FOR EACH ROW EXECUTE FUNCTION refuse_frozen_stage()")
    return {"sqlite": sqlite, "postgresql": postgresql}


STAGE_FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuse_frozen_stage() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "DECLARE it stage := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END; BEGIN "
    "IF EXISTS (SELECT 1 FROM challenge_version v WHERE v.challenge_id = it.challenge_id AND v.number = it.version AND v.published_at IS NOT NULL) "
    "THEN RAISE EXCEPTION USING MESSAGE = 'stage is frozen', ERRCODE = 'restrict_violation'; END IF; "
    "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
)


attach_ddl(ChallengeVersion.__table__, version_ddl())  # type: ignore[arg-type]


attach_ddl(Stage.__table__, stage_ddl())  # type: ignore[arg-type]
