"""Tables of receiving: what people and companies may accept, what was received in money, tax forms on file."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime, one_of
from portal.receiving.rules.accepting import Rule, Stance
from portal.receiving.rules.thresholds import FormKind

_STANDS = text("ended_at IS NULL")


class _Accepting:
    """What may be accepted, who said so, when and why. Caps in cents."""

    stance: Mapped[str] = mapped_column(String(8))
    item_cents: Mapped[int | None]
    year_cents: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(500))
    set_at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def rule(self) -> Rule:
        return Rule(Stance(self.stance), self.item_cents, self.year_cents)


class PersonAccepts(_Accepting, Base):
    """What one person may accept. ``set_by_id`` is the person themself where they answered; ``country`` a code an admin entered, or empty.

    Without a row nobody has said anything.
    """

    __tablename__ = "person_accepts"
    __table_args__ = (one_of("stance", Stance), CheckConstraint("item_cents > 0 AND year_cents > 0", name="caps_positive"))

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    set_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    country: Mapped[str] = mapped_column(String(2))

    @property
    def is_admins(self) -> bool:
        """Whether an admin entered what holds. One who entered only a country did not."""
        return self.set_by_id not in (None, self.person_id) and self.rule.stance is not Stance.UNKNOWN


class CompanyAccepts(_Accepting, Base):
    """What the people of one company may accept."""

    __tablename__ = "company_accepts"
    __table_args__ = (one_of("stance", Stance), CheckConstraint("item_cents > 0 AND year_cents > 0", name="caps_positive"))

    company_id: Mapped[int] = mapped_column(BigId, ForeignKey("company.id"), primary_key=True, autoincrement=False)
    set_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class ReceivedValue(Base):
    """What one thing was worth when it was sent to somebody. ``source`` names it for ever; ``country`` is the one that counted, or empty."""

    __tablename__ = "received_value"
    __table_args__ = (UniqueConstraint("source"), CheckConstraint("cents >= 0", name="not_negative"), Index(None, "person_id", "year"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    year: Mapped[int] = mapped_column(Integer)
    cents: Mapped[int]
    country: Mapped[str] = mapped_column(String(2))
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    taken_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ReceivedYear(Base):
    """The sum of a person's values in one calendar year of the programme: the row that is locked before anything more is sent.

    ``country`` is the one that counted last.
    """

    __tablename__ = "received_year"
    __table_args__ = (CheckConstraint("cents >= 0", name="not_negative"), Index(None, "year", "cents"))

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    cents: Mapped[int]
    country: Mapped[str] = mapped_column(String(2))


class TaxForm(Base):
    """A tax form of a person that is on file elsewhere: which, since when, who noted it. Its numbers are never kept here."""

    __tablename__ = "tax_form"
    __table_args__ = (
        one_of("kind", FormKind),
        CheckConstraint("(ended_at IS NULL) OR (ended_at >= noted_at)", name="ends_later"),
        Index("uq_tax_form_standing", "person_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(8))
    on_file_on: Mapped[date] = mapped_column(Date)
    noted_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    noted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
