"""Tables of nominating: nominations, what was added to them, drafts, comments."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime, one_of
from portal.profiles.rules.activity import Activity
from portal.references.rules.states import State

OPEN = "state IN ('submitted', 'invited', 'accepted')"
_WAITS = text("state = 'submitted'")
_ASKED = text("state = 'invited'")


class Nomination(Base):
    """An employee names a customer's person.

    The first one of an address stands (unique while waiting, invited or accepted); later ones of the same
    address point at it (``duplicate_of_id``) and share its fate; ``repeats`` counts them on the
    first. The company is kept as typed and linked at the latest on approval. ``person_id`` is
    the person that approval made or found, on the first and its duplicates alike. ``colleague_id`` is on whose behalf it was
    sent, who is credited then. ``review_began_at``: when somebody took it up; ``code`` and ``reason`` why it was not approved;
    ``rule_id`` which rule approved it. ``asked_at`` is when the customer was asked last, ``reminded_at`` reminded since, ``ask_again_on``
    the day that "not now" ends. ``answer_code`` and ``answer`` say why the customer said no.
    ``late_at``: when the admins were told that it waits too long.
    """

    __tablename__ = "nomination"
    __table_args__ = (
        one_of("state", State),
        CheckConstraint("(state = 'submitted') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(state = 'duplicate') = (duplicate_of_id IS NOT NULL)", name="duplicate"),
        CheckConstraint("duplicate_of_id <> id", name="not_of_itself"),
        CheckConstraint("state <> 'not_approved' OR reason <> ''", name="reason_given"),
        CheckConstraint("(state IN ('accepted', 'customer_declined')) = (answered_at IS NOT NULL)", name="answered"),
        CheckConstraint("(state = 'no_answer') = (given_up_at IS NOT NULL)", name="given_up"),
        CheckConstraint("state <> 'invited' OR asked_at IS NOT NULL", name="asked"),
        CheckConstraint("colleague_id <> nominator_id", name="colleague_is_another"),
        CheckConstraint("repeats >= 0", name="repeats"),
        UniqueConstraint("nominator_id", "key"),
        Index("uq_nomination_email_key_open", "email_key", unique=True, sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index(None, "nominator_id", "created_at", "id"),
        Index(None, "colleague_id", "created_at", "id"),
        Index(None, "state", "created_at", "id"),
        Index(None, "state", "name_key", "id"),
        Index("ix_nomination_late", "created_at", "late_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index("ix_nomination_asked", "asked_at", "id", sqlite_where=_ASKED, postgresql_where=_ASKED),
        Index(None, "email_key"),
        Index(None, "duplicate_of_id"),
        Index(None, "person_id"),
        Index(None, "company_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    nominator_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    colleague_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    key: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20), default=State.SUBMITTED)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(240))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    title: Mapped[str] = mapped_column(String(120), default="")
    company_name: Mapped[str] = mapped_column(String(160))
    company_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("company.id"))
    why: Mapped[str] = mapped_column(Text)
    search: Mapped[str] = mapped_column(Text)
    duplicate_of_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("nomination.id"))
    repeats: Mapped[int] = mapped_column(default=0)
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    review_began_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    late_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    rule_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("nomination_rule.id"))
    code: Mapped[str] = mapped_column(String(20), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ask_again_on: Mapped[date | None]
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    given_up_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer_code: Mapped[str] = mapped_column(String(20), default="")
    answer: Mapped[str] = mapped_column(Text, default="")


class NominationActivity(Base):
    """One thing a nominee might do."""

    __tablename__ = "nomination_activity"
    __table_args__ = (one_of("activity", Activity), Index(None, "activity", "nomination_id"))

    nomination_id: Mapped[int] = mapped_column(BigId, ForeignKey("nomination.id", ondelete="CASCADE"), primary_key=True)
    activity: Mapped[str] = mapped_column(String(20), primary_key=True)


class NominationDetail(Base):
    """What the nominator added besides: ``rules.nominating.Details``. No row where nothing was."""

    __tablename__ = "nomination_detail"
    __table_args__ = (
        CheckConstraint("tier IN (1, 2, 3)", name="tier_known"),
        CheckConstraint("(usage_count IS NULL) = (usage_days IS NULL)", name="usage_whole"),
        CheckConstraint("usage_count > 0 AND usage_days > 0", name="usage_positive"),
        Index(None, "evidence_id"),
    )

    nomination_id: Mapped[int] = mapped_column(BigId, ForeignKey("nomination.id"), primary_key=True, autoincrement=False)
    products: Mapped[str] = mapped_column(String(200))
    industry: Mapped[str] = mapped_column(String(120))
    region: Mapped[str] = mapped_column(String(120))
    size: Mapped[str] = mapped_column(String(40))
    owner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    languages: Mapped[str] = mapped_column(String(200))
    tier: Mapped[int | None]
    usage_count: Mapped[int | None]
    usage_days: Mapped[int | None]
    sensitivities: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    evidence_url: Mapped[str] = mapped_column(String(500))
    evidence_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("stored_file.id"))
    phone: Mapped[str] = mapped_column(String(40))
    ways: Mapped[list[str]] = mapped_column(Json)
    notes: Mapped[str] = mapped_column(Text)


class NominationDraft(Base):
    """A form that somebody has not sent yet, as typed. ``key`` is the form's own, so that sending it leaves no draft behind."""

    __tablename__ = "nomination_draft"
    __table_args__ = (UniqueConstraint("person_id", "key"), Index(None, "person_id", "saved_at", "id"), Index(None, "saved_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    key: Mapped[str] = mapped_column(String(64))
    fields: Mapped[dict[str, Any]] = mapped_column(Json)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)


class NominationComment(Base):
    """What nominators and reviewers say to each other about a nomination; never changed."""

    __tablename__ = "nomination_comment"
    __table_args__ = (UniqueConstraint("author_id", "key"), Index(None, "nomination_id", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    nomination_id: Mapped[int] = mapped_column(BigId, ForeignKey("nomination.id"))
    author_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    key: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class NominationCompletion(Base):
    """Something that a nominee did as a reference: ``source`` names it for ever. ``grade`` (1 to 5) is how it went, once that is known."""

    __tablename__ = "nomination_completion"
    __table_args__ = (
        CheckConstraint("source <> ''", name="has_source"),
        CheckConstraint("grade BETWEEN 1 AND 5", name="grade_known"),
        Index(None, "nomination_id"),
    )

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    nomination_id: Mapped[int] = mapped_column(BigId, ForeignKey("nomination.id"))
    grade: Mapped[int | None]
    completed_at: Mapped[datetime] = mapped_column(UTCDateTime)
