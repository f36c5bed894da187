"""Tables of asks: the record and what came of it, which never change; what is open; what people and companies said; blocks; settings."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, Float, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.acts.rules.asks import Came, Channel
from portal.acts.rules.beyond import NAMES_LENGTH
from portal.acts.rules.terms import BlockKind, Terms
from portal.kernel.schema import Base, BigId, UTCDateTime, WordList, append_only_ddl, attach_ddl, one_of

_STANDS = text("lifted_at IS NULL")
_IS_FULL, _RESTS = text("full_until IS NOT NULL"), text("rests_until IS NOT NULL")
_OUTSIDE = text("is_outside OR overrode <> ''")
_ENDS = text("came <> 'accepted'")


class Ask(Base):
    """One ask of one person, for ever as it was made. What came of it are rows of ``AskOutcome``.

    ``company_id`` is the company at that time. ``effort`` is frozen, so that no setting changes the past. ``asked_at`` is when the person
    was asked, ``recorded_at`` when it was written down: later for what was asked outside the portal. ``source_*`` names what asks.
    ``*_used`` of ``*_most`` slots were taken just before, in the window that began at ``*_since``: what the caps were decided on.
    ``overrode`` names the refusals that ``approver_id`` lifted for ``override_reason``.
    """

    __tablename__ = "ask"
    __table_args__ = (
        one_of("channel", Channel),
        CheckConstraint("effort >= 0", name="effort_not_negative"),
        CheckConstraint("(source_type IS NULL) = (source_id IS NULL)", name="source_whole"),
        CheckConstraint("(overrode = '') = (approver_id IS NULL) AND (overrode = '') = (override_reason = '')", name="override_whole"),
        CheckConstraint("approver_id IS NULL OR (approver_id <> person_id AND approver_id <> COALESCE(asked_by_id, 0))", name="approver_is_another"),
        CheckConstraint("NOT (is_outside AND overrode <> '')", name="outside_overrides_nothing"),
        UniqueConstraint("key"),
        Index(None, "person_id", "asked_at"),
        Index(None, "company_id", "asked_at"),
        Index("ix_ask_reported", "recorded_at", "id", sqlite_where=_OUTSIDE, postgresql_where=_OUTSIDE),
        Index(None, "recorded_at", "id"),
        Index(None, "source_type", "source_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    kind: Mapped[str] = mapped_column(String(20))
    channel: Mapped[str] = mapped_column(String(10))
    about: Mapped[str] = mapped_column(String(200))
    effort: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    source_type: Mapped[str | None] = mapped_column(String(40))
    source_id: Mapped[int | None] = mapped_column(BigId)
    is_outside: Mapped[bool]
    overrode: Mapped[str] = mapped_column(String(NAMES_LENGTH))
    override_reason: Mapped[str] = mapped_column(String(500))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    person_used: Mapped[int]
    person_most: Mapped[int]
    person_since: Mapped[datetime] = mapped_column(UTCDateTime)
    company_used: Mapped[int | None]
    company_most: Mapped[int | None]
    company_since: Mapped[datetime | None] = mapped_column(UTCDateTime)


class AskOutcome(Base):
    """One thing that came of an ask, in order of ``id``: a yes may be followed by what ended it. ``by_id`` is empty for the portal itself.

    ``nth`` counts how often it was put right whether it was done: the row with the highest one stands.
    """

    __tablename__ = "ask_outcome"
    __table_args__ = (
        one_of("came", Came),
        CheckConstraint("minutes >= 0", name="minutes_not_negative"),
        CheckConstraint("nth = 0 OR (nth > 0 AND came IN ('completed', 'missed'))", name="put_right"),
        UniqueConstraint("ask_id", "came", "nth"),
        Index("uq_ask_outcome_end", "ask_id", "nth", unique=True, sqlite_where=_ENDS, postgresql_where=_ENDS),
        Index(None, "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ask_id: Mapped[int] = mapped_column(ForeignKey("ask.id"))
    came: Mapped[str] = mapped_column(String(10))
    minutes: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(500))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    nth: Mapped[int] = mapped_column(server_default=text("0"))


class OpenAsk(Base):
    """An ask that is not settled: the row that whoever answers, takes back or lets lapse takes for themselves. Gone with its end.

    One source has one such ask. ``is_accepted`` ones lapse no more.
    """

    __tablename__ = "open_ask"
    __table_args__ = (
        UniqueConstraint("source_type", "source_id"),
        Index(None, "is_accepted", "expires_at"),
        Index(None, "person_id"),
        Index(None, "company_id"),
    )

    ask_id: Mapped[int] = mapped_column(BigId, ForeignKey("ask.id"), primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    is_accepted: Mapped[bool]
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    source_type: Mapped[str | None] = mapped_column(String(40))
    source_id: Mapped[int | None] = mapped_column(BigId)


def terms_of(said: Any) -> Terms:
    """Return what was said, by a row or by its columns."""
    return Terms(said.most, said.days, said.unwanted, tuple(map(int, said.months_off)), said.paused_until)


class _Goodwill:
    """What was said about being asked. A row without ``set_at`` says nothing; it is there to be locked."""

    most: Mapped[int | None]
    days: Mapped[int | None]
    unwanted: Mapped[tuple[str, ...]] = mapped_column(WordList(240), nullable=True)
    months_off: Mapped[tuple[str, ...]] = mapped_column(WordList(40), nullable=True)
    paused_until: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(500))
    set_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def terms(self) -> Terms:
        return terms_of(self)


class PersonGoodwill(_Goodwill, Base):
    """What one person takes; the row is locked before they are asked. ``set_by_id`` is themself where they said so."""

    __tablename__ = "person_goodwill"
    __table_args__ = (CheckConstraint("most >= 0 AND days > 0", name="numbers_make_sense"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    set_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class CompanyGoodwill(_Goodwill, Base):
    """What the people of one company take together; the row is locked before one of them is asked."""

    __tablename__ = "company_goodwill"
    __table_args__ = (CheckConstraint("most >= 0 AND days > 0", name="numbers_make_sense"),)

    company_id: Mapped[int] = mapped_column(BigId, ForeignKey("company.id"), primary_key=True, autoincrement=False)
    set_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class _Load:
    """What lists are ranked and sifted by, kept by whoever writes an ask, an outcome or terms, in their transaction.

    ``load`` is the plain sum of ``rules.loads.kept_of`` over all asks. ``rank`` orders by strain, at any moment. ``full_until`` is when a slot
    frees if nothing else happens, empty where there is one: so a cap is reached until then, and not after it.
    """

    load: Mapped[float] = mapped_column(Float)
    rank: Mapped[int] = mapped_column(BigInteger)
    full_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class AskLoad(_Load, Base):
    """The load of one person. Who was never asked and said nothing has no row. ``rests_until`` as ``rules.budget.rests_until`` says."""

    __tablename__ = "ask_load"
    __table_args__ = (
        Index(None, "rank", "person_id"),
        Index("ix_ask_load_full_until", "full_until", sqlite_where=_IS_FULL, postgresql_where=_IS_FULL),
        Index("ix_ask_load_rests_until", "rests_until", sqlite_where=_RESTS, postgresql_where=_RESTS),
    )

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    rests_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class CompanyAskLoad(_Load, Base):
    """The load of the people of one company together, each ask with the company of its time."""

    __tablename__ = "company_ask_load"
    __table_args__ = (
        Index(None, "rank", "company_id"),
        Index("ix_company_ask_load_full_until", "full_until", sqlite_where=_IS_FULL, postgresql_where=_IS_FULL),
    )

    company_id: Mapped[int] = mapped_column(BigId, ForeignKey("company.id"), primary_key=True, autoincrement=False)


class AskBlock(Base):
    """A legal hold or an open escalation, of a person or of a company: nobody there is asked while it stands.

    One that ``comes_with_profile`` was set by the legal hold of the reference profile, and goes with that alone; another may stand beside it.
    """

    __tablename__ = "ask_block"
    __table_args__ = (
        one_of("kind", BlockKind),
        CheckConstraint("(person_id IS NULL) <> (company_id IS NULL)", name="of_one"),
        CheckConstraint("lifted_at IS NULL OR lifted_at >= set_at", name="lifted_later"),
        CheckConstraint("NOT comes_with_profile OR (person_id IS NOT NULL AND kind = 'legal')", name="profile_holds_a_person"),
        Index("uq_ask_block_person", "person_id", "kind", "comes_with_profile", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index("uq_ask_block_company", "company_id", "kind", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index(None, "set_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    kind: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(500))
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime] = mapped_column(UTCDateTime)
    comes_with_profile: Mapped[bool] = mapped_column(default=False)
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    lifted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lifted_reason: Mapped[str] = mapped_column(String(500))


class AskEffort(Base):
    """The effort of a kind from a moment on. The latest row that had begun by an ask's moment is the one that counts."""

    __tablename__ = "ask_effort"
    __table_args__ = (CheckConstraint("effort >= 0", name="effort_not_negative"), Index(None, "kind", "from_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    effort: Mapped[int]
    from_at: Mapped[datetime] = mapped_column(UTCDateTime)
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class AskDefaults(Base):
    """The caps of the programme and how long an ask waits for its answer, as set at a moment; the latest row holds."""

    __tablename__ = "ask_defaults"
    __table_args__ = (
        CheckConstraint("person_most >= 0 AND person_days > 0 AND company_most >= 0 AND company_days > 0 AND answer_days > 0", name="make_sense"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_most: Mapped[int]
    person_days: Mapped[int]
    company_most: Mapped[int]
    company_days: Mapped[int]
    answer_days: Mapped[int]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime] = mapped_column(UTCDateTime)


for _table in (Ask, AskOutcome, AskEffort, AskDefaults):
    attach_ddl(_table.__table__, append_only_ddl(_table.__tablename__))  # type: ignore[arg-type]
