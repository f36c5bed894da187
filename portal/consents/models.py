"""The one table of consents."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.consents.rules import End, Item
from portal.kernel.schema import Base, BigId, Json, UTCDateTime, one_of

_STANDING = text("ended_at IS NULL")


class Consent(Base):
    """A person agreed to exactly ``words``: to one item, in the places of ``scope`` (a list of ``Scope``), through ``expires_on`` if there is a day.

    ``company_id`` is the company at that time. ``source_type``, ``source_id`` and ``part`` name what it came with, ``evidence_id`` which
    of what was sent shows it, ``version`` the version of what was asked. ``given_at`` is when the person sent it, ``recorded_at``
    when that was approved. It is never changed and never removed, only ended: by the person, or because the answer was taken
    back. Of one part at most one stands. ``search`` is the quote folded.
    """

    __tablename__ = "consent"
    __table_args__ = (
        one_of("item", Item),
        one_of("ended_as", End),
        CheckConstraint("(ended_at IS NULL) = (ended_as IS NULL)", name="ended"),
        CheckConstraint("words <> ''", name="has_words"),
        CheckConstraint("item <> 'quote' OR quote <> ''", name="quote_has_text"),
        Index("uq_consent_standing", "source_type", "source_id", "part", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
        Index(None, "evidence_id", "part"),
        Index(None, "person_id", "given_at", "id"),
        Index(None, "given_at", "id"),
        Index(None, "item", "given_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    company_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("company.id"))
    item: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text)
    quote: Mapped[str] = mapped_column(Text)
    scope: Mapped[list[Any]] = mapped_column(Json)
    version: Mapped[int]
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigId)
    part: Mapped[int] = mapped_column(BigId)
    evidence_id: Mapped[int] = mapped_column(BigId)
    search: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_on: Mapped[date | None]
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_as: Mapped[str | None] = mapped_column(String(12))
    ended_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
