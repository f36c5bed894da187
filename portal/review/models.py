"""Tables of reviewing: terms, the case of each thing that waits, decisions that can be undone, presses that count once, and kept views."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime

_OWNED = text("owner_id IS NOT NULL")


class ReviewTerms(Base):
    """The terms of reviewing: one row, or none while nobody changed them.

    ``days`` are business days by kind, ``holidays`` days as 2026-12-25. ``four_eyes_above`` in points; empty asks for no second approver.
    """

    __tablename__ = "review_terms"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("four_eyes_above >= 0", name="limit_not_negative"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    days: Mapped[dict[str, int]] = mapped_column(Json)
    holidays: Mapped[list[Any]] = mapped_column(Json)
    four_eyes_above: Mapped[int | None]
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class ReviewCase(Base):
    """What is known of one thing that waits besides itself: whose it is, how far it was escalated, who approved first.

    ``kind`` and ``item_id`` name a thing of the approvals queue; a thing without a row has nobody.
    ``first_*`` is a first approval that waits for a second, with what was to be paid and the note.
    """

    __tablename__ = "review_case"
    __table_args__ = (
        CheckConstraint("told_step >= 0", name="step_counted"),
        CheckConstraint("(first_at IS NULL) = (first_by_id IS NULL) AND (first_at IS NULL) = (first_points IS NULL)", name="first_whole"),
        Index("ix_review_case_owner", "owner_id", "kind", "item_id", sqlite_where=_OWNED, postgresql_where=_OWNED),
    )

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    item_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    owner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    told_step: Mapped[int]
    first_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    first_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    first_points: Mapped[int | None]
    first_note: Mapped[str | None] = mapped_column(Text)


class ReviewDecision(Base):
    """A decision in the approvals queue that whoever gave it may undo within the minute, once. Gone after a day.

    ``kind`` and ``item_id`` name the thing, ``verdict`` is the word of the queue for what was decided. ``before`` is what its room needs
    to let it stand as before; ``final`` is a word of the room for why it cannot be undone at all, empty where it can. Answers to
    challenges keep their verdicts for ever; of them only what is no verdict, an early acceptance that is not shared, has a row here.
    """

    __tablename__ = "review_decision"
    __table_args__ = (
        CheckConstraint("undone_at IS NULL OR final = ''", name="final_stands"),
        Index(None, "decided_by_id", "at"),
        Index(None, "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    item_id: Mapped[int] = mapped_column(BigId)
    verdict: Mapped[str] = mapped_column(String(16))
    final: Mapped[str] = mapped_column(String(16))
    before: Mapped[dict[str, Any]] = mapped_column(Json)
    decided_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ReviewPress(Base):
    """A button of a verdict that was pressed and did what it says: ``key`` is the hash of what was minted with the page and of
    the thing it decided on. Gone after a day.
    """

    __tablename__ = "review_press"
    __table_args__ = (Index(None, "at"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(16), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class SavedView(Base):
    """A filter of the queue that somebody keeps under a name. ``query`` is the address's query."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("person_id", "name_key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(120))
    query: Mapped[str] = mapped_column(String(600))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
