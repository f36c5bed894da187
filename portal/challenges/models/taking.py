"""Taking part: submissions with their answers and attempts, what single steps paid, and what was put aside."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.challenges.models.fixed import fixed_ddl
from portal.challenges.rules.dismissing import WORDS_LENGTH, Why
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.kernel.schema import Base, BigId, Json, UTCDateTime, attach_ddl, one_of

_NOT_DROPPED = text("dropped_at IS NULL")
_UNDER_WAY = text("(state IN ('open', 'more_wanted') OR again_at IS NOT NULL) AND dropped_at IS NULL")


_OF_VERSION = ("challenge_version.challenge_id", "challenge_version.number")


class Submission(Base):
    """One person's answer to one slot of a challenge; the unique index is the rule of once or N per period.

    ``period_key`` and ``zone`` (the member's) are computed once, at the start, and stay: a weekly
    challenge begun on Sunday and sent on Monday counts for the week it was begun in, which is over at
    ``period_ends_at`` wherever the member is by then. ``version`` is that of the
    challenge at the start, and stays: its steps, text and points hold. ``declines`` counts verdicts
    against ``max_attempts``, ``decisions`` numbers verdicts and with them the ledger's keys.
    ``dropped_at`` is set by a withdrawal or by undoing an import, and frees the slot. ``again_at`` is when the member last entered
    something after a decline; it goes as soon as that is sent or decided.
    """

    __tablename__ = "submission"
    __table_args__ = (
        one_of("state", SubmissionState),
        CheckConstraint("nth > 0", name="nth_positive"),
        ForeignKeyConstraint(["challenge_id", "version"], _OF_VERSION),
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
        Index("ix_submission_figures", "challenge_id", "dropped_at", "state", "paid"),
        # What was begun and not sent, what changed last first: few of all there are.
        Index("ix_submission_under_way", "changed_at", "id", sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"))
    version: Mapped[int] = mapped_column(default=1)
    period_key: Mapped[str] = mapped_column(String(16))
    zone: Mapped[str] = mapped_column(String(64))
    period_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    has_place: Mapped[bool] = mapped_column(default=False)
    nth: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    declines: Mapped[int]
    decisions: Mapped[int]
    paid: Mapped[int | None]
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    again_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Dismissal(Base):
    """That a challenge is not for somebody, and why. Gone again once they take it back, or begin the challenge."""

    __tablename__ = "challenge_dismissal"
    __table_args__ = (one_of("reason", Why), Index(None, "challenge_id", "reason"))

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    challenge_id: Mapped[int] = mapped_column(BigId, ForeignKey("challenge.id"), primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(String(WORDS_LENGTH))
    dismissed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Answer(Base):
    """What a person has entered for one stage so far, on whichever device; sending copies it into an attempt."""

    __tablename__ = "submission_answer"
    __table_args__ = (UniqueConstraint("submission_id", "stage_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"))
    value: Mapped[dict[str, Any]] = mapped_column(Json)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)


class StagePayment(Base):
    """Points paid at once when a step was completed. A step pays at once a single time for a submission, taken back or not."""

    __tablename__ = "stage_payment"
    __table_args__ = (UniqueConstraint("submission_id", "stage_id"), CheckConstraint("points > 0", name="points_positive"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"))
    points: Mapped[int]
    transfer_id: Mapped[int] = mapped_column(BigId)
    paid_at: Mapped[datetime] = mapped_column(UTCDateTime)
    taken_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


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


ATTEMPT_FIXED = "submission_id, number, key, points, submitted_at, recorded_at"


attach_ddl(Attempt.__table__, fixed_ddl("attempt", ATTEMPT_FIXED))  # type: ignore[arg-type]
