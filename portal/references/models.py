"""Tables of nominations."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime, one_of
from portal.references.rules import Activity, State

OPEN = "state = 'submitted' OR state = 'accepted'"


class Nomination(Base):
    """An employee names a customer's person.

    The first one of an address stands (unique while waiting or accepted); later ones of the same
    address point at it (``duplicate_of_id``) and share its fate; ``repeats`` counts them on the
    first. The company is kept as typed and linked at the latest on acceptance. ``person_id`` is
    the person that acceptance made or found, on the first and its duplicates alike.
    """

    __tablename__ = "nomination"
    __table_args__ = (
        one_of("state", State),
        CheckConstraint("(state = 'submitted') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(state = 'duplicate') = (duplicate_of_id IS NOT NULL)", name="duplicate"),
        CheckConstraint("duplicate_of_id <> id", name="not_of_itself"),
        CheckConstraint("state <> 'declined' OR reason <> ''", name="reason_given"),
        CheckConstraint("repeats >= 0", name="repeats"),
        UniqueConstraint("nominator_id", "key"),
        Index("uq_nomination_email_key_open", "email_key", unique=True, sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index(None, "nominator_id", "created_at", "id"),
        Index(None, "state", "created_at", "id"),
        Index(None, "state", "name_key", "id"),
        Index(None, "email_key"),
        Index(None, "duplicate_of_id"),
        Index(None, "person_id"),
        Index(None, "company_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    nominator_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    key: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12), default=State.SUBMITTED)
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
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text, default="")


class NominationActivity(Base):
    """One thing a nominee might do."""

    __tablename__ = "nomination_activity"
    __table_args__ = (one_of("activity", Activity), Index(None, "activity", "nomination_id"))

    nomination_id: Mapped[int] = mapped_column(BigId, ForeignKey("nomination.id", ondelete="CASCADE"), primary_key=True)
    activity: Mapped[str] = mapped_column(String(20), primary_key=True)
