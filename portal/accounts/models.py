"""Tables of what we know of a customer company, and of who saw whose contact details and may see them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.rules.insights import InsightKind
from portal.kernel.schema import Base, BigId, UTCDateTime, append_only_ddl, attach_ddl, one_of

_STANDS = text("ended_at IS NULL")


class CompanyAccount(Base):
    """What sales handed over about a company, once, so that nobody there has to say it again. ``renewal_on`` is when their contract ends.

    ``competitors`` are companies with which its people are never put in touch, a line each.
    """

    __tablename__ = "company_account"
    __table_args__ = (Index(None, "renewal_on"),)

    company_id: Mapped[int] = mapped_column(BigId, ForeignKey("company.id"), primary_key=True, autoincrement=False)
    renewal_on: Mapped[date | None] = mapped_column(Date)
    goals: Mapped[str] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text)
    competitors: Mapped[str] = mapped_column(Text)
    handed_over_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    handed_over_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class Stakeholder(Base):
    """Somebody at a company who matters there, whether or not the portal knows them as a person."""

    __tablename__ = "stakeholder"
    __table_args__ = (CheckConstraint("name <> ''", name="has_name"), Index(None, "company_id", "position", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int] = mapped_column(BigId, ForeignKey("company.id"))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(120))
    cares_about: Mapped[str] = mapped_column(Text)
    position: Mapped[int]


class ContactGrant(Base):
    """Why ``viewer_id`` may see the contact details of ``person_id``: what granted it, until it ends. One stands of each source."""

    __tablename__ = "contact_grant"
    __table_args__ = (
        UniqueConstraint("viewer_id", "person_id", "source_type", "source_id"),
        Index(None, "source_type", "source_id"),
        Index("ix_contact_grant_standing", "viewer_id", "person_id", sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    viewer_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigId)
    granted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ContactView(Base):
    """That somebody saw a person's contact details: who, when, on which page. Never changed."""

    __tablename__ = "contact_view"
    __table_args__ = (Index(None, "person_id", "at", "id"), Index(None, "at", "id"), Index(None, "viewer_id", "at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    viewer_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    place: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


attach_ddl(ContactView.__table__, append_only_ddl("contact_view"))  # type: ignore[arg-type]


class Insight(Base):
    """What a customer's person said that their account owner reads too: an answer, or a score (0 to 10) with its reason, as it was sent.

    ``company_id`` is the company at that time. ``source_*`` and ``part`` name the approved answer and its step. ``ended_at`` is set while
    the approval is taken back: then nobody is shown it. ``heard_at`` is when the owner could first read it.
    """

    __tablename__ = "account_insight"
    __table_args__ = (
        one_of("kind", InsightKind),
        CheckConstraint("score BETWEEN 0 AND 10", name="score_in_range"),
        UniqueConstraint("source_type", "source_id", "part"),
        Index("ix_account_insight_company", "company_id", "heard_at", "id", sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index("ix_account_insight_heard", "heard_at", "id", sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int] = mapped_column(BigId, ForeignKey("company.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(8))
    question: Mapped[str] = mapped_column(String(300))
    said: Mapped[str] = mapped_column(Text)
    score: Mapped[int | None]
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigId)
    part: Mapped[int] = mapped_column(BigId)
    said_at: Mapped[datetime] = mapped_column(UTCDateTime)
    heard_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class InsightWeek(Base):
    """That the week from ``first_on`` (a Monday) was told to an account owner by mail, or held nothing for them: once for ever."""

    __tablename__ = "insight_week"

    owner_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    first_on: Mapped[date] = mapped_column(Date, primary_key=True)
    insights: Mapped[int]
    told_at: Mapped[datetime] = mapped_column(UTCDateTime)


class InsightMailOff(Base):
    """An account owner who wants no weekly mail of what their customers said."""

    __tablename__ = "insight_mail_off"

    owner_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    off_at: Mapped[datetime] = mapped_column(UTCDateTime)
