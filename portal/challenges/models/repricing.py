"""New points for past completions: the decision, and one line for each completion it changes."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.challenges.rules.repricing import LineState, RepricingState
from portal.kernel.schema import Base, BigId, UTCDateTime, one_of

_OPEN = text("state IN ('waiting', 'running', 'undo_asked', 'reversing')")


class Repricing(Base):
    """Past completions of a challenge are paid what its ``version`` pays, ``points`` each. One that is open at a time.

    ``people``, ``total`` and ``moved`` are what was shown when it was asked for; what came of each completion stands in its line.
    ``decided_by_id`` is the second admin where one was needed, ``words`` why it was declined or undone;
    ``undone_by_id`` who asked to undo it, ``undo_decided_by_id`` the second admin of that.
    """

    __tablename__ = "repricing"
    __table_args__ = (
        one_of("state", RepricingState),
        CheckConstraint("people > 0 AND moved > 0", name="something_moves"),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> COALESCE(asked_by_id, 0)", name="second_is_another"),
        CheckConstraint("undo_decided_by_id IS NULL OR undo_decided_by_id <> COALESCE(undone_by_id, 0)", name="undo_second_is_another"),
        UniqueConstraint("key"),
        Index("uq_repricing_open", "challenge_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "challenge_id", "asked_at"),
        Index(None, "state", "asked_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"))
    version: Mapped[int]
    points: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(500))
    people: Mapped[int]
    total: Mapped[int] = mapped_column(BigInteger)
    moved: Mapped[int] = mapped_column(BigInteger)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    words: Mapped[str] = mapped_column(String(500))
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    undo_asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undo_decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RepricingLine(Base):
    """One completion in a repricing: what it had been ``paid``, the ``difference``, and the ledger's line of it. Once for each submission."""

    __tablename__ = "repricing_line"
    __table_args__ = (
        one_of("state", LineState),
        CheckConstraint("difference <> 0", name="difference_moves"),
        CheckConstraint("(state IN ('planned', 'skipped')) = (transfer_id IS NULL)", name="paid_has_transfer"),
        UniqueConstraint("repricing_id", "submission_id"),
        Index(None, "repricing_id", "state", "person_id", "submission_id"),
        Index(None, "submission_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    repricing_id: Mapped[int] = mapped_column(ForeignKey("repricing.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int]
    paid: Mapped[int]
    difference: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    transfer_id: Mapped[int | None] = mapped_column(BigId)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
