"""What is decided on attempts: verdicts, appeals, and the rules that approve by themselves."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.challenges.models.fixed import fixed_ddl
from portal.challenges.rules.states import Outcome
from portal.challenges.rules.verdicts import AppealState
from portal.kernel.schema import Base, BigId, Json, UTCDateTime, attach_ddl, one_of

_BY_RULE = text("rule_id IS NOT NULL")


class Verdict(Base):
    """One decision on an attempt. Append-only; ``number`` counts within the submission and stands in the ledger's key.

    ``decided_by_id`` is empty where the command line imported or a rule (``rule_id``) approved. ``transfer_id`` is the ledger's
    line, empty where nothing was paid. ``category`` sorts declines, ``first_by_id`` gave the first of two approvals, ``stage_id``
    is the step somebody was sent back to. ``before`` is how things stood, so that it can be undone within the minute.
    """

    __tablename__ = "verdict"
    __table_args__ = (
        one_of("outcome", Outcome),
        UniqueConstraint("submission_id", "number"),
        Index(None, "attempt_id"),
        Index(None, "decided_at"),
        Index(None, "decided_by_id", "recorded_at"),
        Index("ix_verdict_rule", "rule_id", "id", sqlite_where=_BY_RULE, postgresql_where=_BY_RULE),
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
    category: Mapped[str | None] = mapped_column(String(24))
    first_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stage.id"))
    rule_id: Mapped[int | None] = mapped_column(BigId)
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)


class Appeal(Base):
    """An advocate asks for somebody else's eyes on a decline; once for each verdict. Waits in the approvals queue as a thing of its own."""

    __tablename__ = "appeal"
    __table_args__ = (
        one_of("state", AppealState),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        UniqueConstraint("verdict_id"),
        Index(None, "state", "made_at", "id"),
        Index(None, "submission_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    verdict_id: Mapped[int] = mapped_column(BigId)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    declined_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class AutoRule(Base):
    """A rule by which the portal approves by itself. Off until an admin switches it on; a removed one stays, since verdicts name it.

    It holds for answers to ``challenge_id`` (any, if empty) all of whose steps are of ``kinds`` (any,
    if none are listed), worth at most ``points_limit``, of members with ``approvals`` approved answers
    and none taken back ``within_days``, that have waited ``after_days``.
    """

    __tablename__ = "auto_rule"
    __table_args__ = (
        CheckConstraint("points_limit >= 0", name="limit_not_negative"),
        CheckConstraint("approvals >= 0 AND within_days > 0 AND after_days >= 0", name="counts"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    is_on: Mapped[bool]
    challenge_id: Mapped[int | None] = mapped_column(ForeignKey("challenge.id"))
    kinds: Mapped[list[str]] = mapped_column(Json)
    points_limit: Mapped[int]
    approvals: Mapped[int]
    within_days: Mapped[int]
    after_days: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


VERDICT_FIXED = "submission_id, attempt_id, number, outcome, points, transfer_id, decided_by_id, decided_at, recorded_at, "
VERDICT_FIXED += "category, first_by_id, stage_id, rule_id, before"


attach_ddl(Verdict.__table__, fixed_ddl("verdict", VERDICT_FIXED))  # type: ignore[arg-type]
