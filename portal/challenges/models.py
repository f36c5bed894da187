"""Challenges and their stages; submissions, their attempts and the verdicts on them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.challenges.rules.states import AttemptState, ChallengeState, Outcome, Period, SubmissionState
from portal.kernel.schema import Base, BigId, Json, UTCDateTime, attach_ddl, one_of
from portal.kernel.tracks import Track

_NOT_DROPPED = text("dropped_at IS NULL")


class Challenge(Base):
    """Something advocates are asked to do. ``points`` is today's offer; what was paid stands on attempts and in the ledger.

    It can be done ``per_period`` times per ``period``. ``max_attempts`` bounds how often one
    submission may be declined; empty is without limit. ``is_record_only``: made by an import,
    closed and never offered. ``search_key`` is title and summary folded for searching, ``made_by``
    the key of the form that made it.
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
        UniqueConstraint("made_by"),
        Index(None, "state", "track"),
        Index(None, "title"),
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
    is_record_only: Mapped[bool]
    made_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ChallengeAudience(Base):
    """Which audience a challenge is meant for; without a row it is meant for everybody.

    A table of its own, not a column: SQLite would have to rebuild ``challenge`` under the rows that point at it.
    """

    __tablename__ = "challenge_audience"
    __table_args__ = (UniqueConstraint("audience_id"),)

    challenge_id: Mapped[int] = mapped_column(BigId, ForeignKey("challenge.id"), primary_key=True, autoincrement=False)
    audience_id: Mapped[int] = mapped_column(BigId, ForeignKey("audience.id"))


class Stage(Base):
    """One step of a challenge. ``kind`` names a class in ``stages/``, which alone knows what ``options`` means.

    A removed stage stays, because answers point at it. No CHECK on ``kind``: a new one touches one file.
    """

    __tablename__ = "stage"
    __table_args__ = (UniqueConstraint("made_by"), Index(None, "challenge_id", "position"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    options: Mapped[dict[str, Any]] = mapped_column(Json)
    made_by: Mapped[str | None] = mapped_column(String(64))
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Submission(Base):
    """One person's answer to one slot of a challenge; the unique index is the rule of once or N per period.

    ``period_key`` and ``zone`` are computed once, at the start, and stay: a weekly challenge begun
    on Sunday and sent on Monday counts for the week it was begun in. ``declines`` counts verdicts
    against ``max_attempts``, ``decisions`` numbers verdicts and with them the ledger's keys.
    ``dropped_at`` is set by a withdrawal or by undoing an import, and frees the slot.
    """

    __tablename__ = "submission"
    __table_args__ = (
        one_of("state", SubmissionState),
        CheckConstraint("nth > 0", name="nth_positive"),
        Index(
            "uq_submission_slot",
            "person_id",
            "challenge_id",
            "period_key",
            "nth",
            unique=True,
            sqlite_where=_NOT_DROPPED,
            postgresql_where=_NOT_DROPPED,
        ),
        Index(None, "person_id", "changed_at", "id"),
        Index(None, "challenge_id", "changed_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"))
    period_key: Mapped[str] = mapped_column(String(16))
    zone: Mapped[str] = mapped_column(String(64))
    nth: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    declines: Mapped[int]
    decisions: Mapped[int]
    paid: Mapped[int | None]
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Answer(Base):
    """What a person has entered for one stage so far, on whichever device; sending copies it into an attempt."""

    __tablename__ = "submission_answer"
    __table_args__ = (UniqueConstraint("submission_id", "stage_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"))
    value: Mapped[dict[str, Any]] = mapped_column(Json)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Attempt(Base):
    """One answer as it was sent, with the points that were offered then. Only its verdict changes.

    ``answers`` is a copy of stages and values, so that editing the challenge rewrites nothing.
    ``key`` comes with the form: sending it twice is one attempt.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        one_of("state", AttemptState),
        CheckConstraint("points >= 0", name="points_not_negative"),
        UniqueConstraint("submission_id", "number"),
        UniqueConstraint("submission_id", "key"),
        Index(None, "state", "submitted_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(80))
    points: Mapped[int]
    answers: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(16))
    submitted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Verdict(Base):
    """One decision on an attempt. Append-only; ``number`` counts within the submission and stands in the ledger's key.

    ``decided_by_id`` is empty where the command line imported. ``transfer_id`` is the ledger's line, empty where nothing was paid.
    """

    __tablename__ = "verdict"
    __table_args__ = (
        one_of("outcome", Outcome),
        UniqueConstraint("submission_id", "number"),
        Index(None, "attempt_id"),
        Index(None, "decided_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    number: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    points: Mapped[int]
    transfer_id: Mapped[int | None] = mapped_column(BigId)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)


def fixed_ddl(table: str, columns: str) -> dict[str, list[str]]:
    """Return the triggers that keep ``columns`` of ``table`` as written and its rows in place.

    Unlike the ledger's tables some columns may change: an attempt gets its verdict, and free text
    must be erasable when a person asks for it.
    """
    sqlite = [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    ]
    postgresql = [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    ]
    return {"sqlite": sqlite, "postgresql": postgresql}


ATTEMPT_FIXED = "submission_id, number, key, points, submitted_at, recorded_at"
VERDICT_FIXED = "submission_id, attempt_id, number, outcome, points, transfer_id, decided_by_id, decided_at, recorded_at"
attach_ddl(Attempt.__table__, fixed_ddl("attempt", ATTEMPT_FIXED))  # type: ignore[arg-type]
attach_ddl(Verdict.__table__, fixed_ddl("verdict", VERDICT_FIXED))  # type: ignore[arg-type]
