"""Tables of what we know of a customer company, and of who saw whose contact details and may see them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime, append_only_ddl, attach_ddl

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
