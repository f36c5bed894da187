"""The one table of consents."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.consents.rules import State, What
from portal.kernel.schema import Base, BigId, Json, UTCDateTime, one_of

_NOT_WITHDRAWN = text("withdrawn_at IS NULL")


class Consent(Base):
    """A member agreed to ``text``, word by word, about ``what`` (with the words in ``quoted``, if it is a quote), in ``scopes``, until ``until``.

    ``source_type``, ``source_id`` and ``part`` name what it came with, which is its evidence; ``version`` is that of the text there.
    One that is withdrawn stays as it is; agreeing to the same again is a new row.
    """

    __tablename__ = "consent"
    __table_args__ = (
        one_of("what", What),
        one_of("state", State),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_has_time"),
        Index(
            "uq_consent_source",
            "source_type",
            "source_id",
            "part",
            unique=True,
            sqlite_where=_NOT_WITHDRAWN,
            postgresql_where=_NOT_WITHDRAWN,
        ),
        Index(None, "person_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigId)
    part: Mapped[int] = mapped_column(BigId)
    what: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    quoted: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[Any]] = mapped_column(Json)
    until: Mapped[date | None]
    version: Mapped[int]
    language: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    agreed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
