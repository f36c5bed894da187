"""Tables of the library, and of the profiles that somebody marked as their favourites."""

from datetime import date, datetime

from sqlalchemy import DDL, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, event, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.finding.models.rows import indexed_sql
from portal.finding.rules.library import Kind
from portal.kernel.schema import Base, BigId, UTCDateTime, one_of

_SHOWN = text("retired_at IS NULL")


class Favourite(Base):
    """That an employee marked a profile, for their own list."""

    __tablename__ = "finding_favourite"
    __table_args__ = (Index(None, "reference_id"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    reference_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class LibraryItem(Base):
    """Something that tells what a customer would: a case study, a quote, a video, slides. It costs nobody an ask.

    ``answers`` is which worry it answers, ``quote`` the words themselves, ``link`` and ``file_id`` where the rest lies. It is shown while it is
    not retired, not past ``expires_on``, and while the consent it stands on (``consent_id``) holds; ``permission`` says how we know that we may use
    it where the portal holds no consent. ``words`` is what is searched, ``uses`` counts how often somebody took it, ``edition`` its changes.
    """

    __tablename__ = "library_item"
    __table_args__ = (
        one_of("kind", Kind),
        UniqueConstraint("key"),
        CheckConstraint("title <> ''", name="has_title"),
        CheckConstraint("quote <> '' OR link <> '' OR file_id IS NOT NULL", name="has_content"),
        CheckConstraint("consent_id IS NOT NULL OR permission <> ''", name="is_permitted"),
        CheckConstraint("(retired_at IS NULL) = (retired_reason = '')", name="retired_whole"),
        CheckConstraint("uses >= 0", name="uses_not_negative"),
        Index(None, "made_at", "id"),
        Index(None, "company_id"),
        Index(None, "file_id"),
        Index(None, "consent_id"),
        Index("ix_library_item_shown", "kind", "made_at", "id", sqlite_where=_SHOWN, postgresql_where=_SHOWN),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(200))
    answers: Mapped[str] = mapped_column(Text)
    quote: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(String(500))
    file_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("stored_file.id"))
    company_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("company.id"))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    product: Mapped[str] = mapped_column(String(120))
    industry: Mapped[str] = mapped_column(String(120))
    consent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("consent.id"))
    permission: Mapped[str] = mapped_column(String(500))
    expires_on: Mapped[date | None] = mapped_column(Date)
    words: Mapped[str] = mapped_column(Text)
    uses: Mapped[int]
    edition: Mapped[int]
    made_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    retired_reason: Mapped[str] = mapped_column(String(500))


WORDS_OF_ITEMS = "to_tsvector('simple', finding_fold(words))"
DDL_OF = {
    "sqlite": indexed_sql("library_item", "id", ("words",), "library_words"),
    "postgresql": [f"CREATE INDEX ix_library_item_words ON library_item USING gin ({WORDS_OF_ITEMS})"],
}
for _engine, _statements in DDL_OF.items():
    for _statement in _statements:
        _ddl = DDL(_statement.replace("%", "%%")).execute_if(dialect=_engine)  # type: ignore[no-untyped-call]
        event.listen(Base.metadata, "after_create", _ddl)
