"""The one table of referrals."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime, one_of
from portal.referrals.rules import State


class Referral(Base):
    """A member passed on a peer who agreed to it. ``agreement`` is the sentence that was ticked, in its version and language.

    ``source_type``, ``source_id`` and ``part`` name what it came with; sending that again is the same referral,
    unless its peer asked us to forget them: then that row stands for itself (source ``set_aside``), and what is sent gets its own.
    ``email_mark`` is the hash of the address for as long as nobody else may refer it, unique: it outlives the
    details where the peer asked us to forget them (``is_unwanted``). Name, address, company, words and ``search`` are empty once
    ``erased_at`` is set.
    """

    __tablename__ = "referral"
    __table_args__ = (
        one_of("state", State),
        UniqueConstraint("source_type", "source_id", "part"),
        UniqueConstraint("email_mark"),
        CheckConstraint("erased_at IS NULL OR (name = '' AND email = '' AND company = '' AND words = '' AND search = '')", name="erased_is_empty"),
        CheckConstraint("NOT is_unwanted OR erased_at IS NOT NULL", name="unwanted_is_erased"),
        Index(None, "sent_at", "id"),
        Index(None, "state", "decided_at"),
        Index(None, "referrer_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    referrer_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigId)
    part: Mapped[int] = mapped_column(BigId)
    state: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    company: Mapped[str] = mapped_column(String(160))
    words: Mapped[str] = mapped_column(Text)
    search: Mapped[str] = mapped_column(Text)
    email_mark: Mapped[str | None] = mapped_column(String(64))
    agreement: Mapped[str] = mapped_column(Text)
    agreement_version: Mapped[int]
    language: Mapped[str] = mapped_column(String(12))
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    erased_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    is_unwanted: Mapped[bool] = mapped_column(default=False)
