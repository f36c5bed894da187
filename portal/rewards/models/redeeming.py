"""What people redeemed, where it goes, and what the rule approves by itself."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime, one_of
from portal.rewards.rules.states import State


class Redemption(Base):
    """One reward asked for by one person, at the price of that moment.

    ``hold_id`` is the transfer that set the points aside. ``released_at`` is set once the reward
    is not theirs after all (declined, cancelled, ended, returned): then stock and points are back.
    ``variant`` is the name that was chosen, ``happens_on`` its day, as they were then; ``answers`` what the kind asked the person,
    ``handed`` what they were given (a tracking number, a code). ``terms_hash`` and ``terms_at`` keep which
    terms were agreed to, and when. ``slot`` numbers a person's redemptions of a reward with a limit within the period ``period_key``
    (``once``, ``2026``, ``2026-Q4`` or ``2026-11``), so that the database keeps it.
    """

    __tablename__ = "redemption"
    __table_args__ = (
        UniqueConstraint("key"),
        one_of("state", State),
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("(released_at IS NOT NULL) = (state IN ('declined', 'cancelled', 'ended', 'returned'))", name="released_when_given_back"),
        CheckConstraint("(terms_at IS NULL) = (terms_hash = '')", name="terms_have_time"),
        CheckConstraint("approved_by <> person_id", name="approved_by_another"),
        Index(
            "uq_redemption_slot",
            "reward_id",
            "person_id",
            "period_key",
            "slot",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        Index(None, "person_id", "id"),
        Index(None, "state", "requested_at", "id"),
        Index(None, "reward_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"))
    variant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("reward_variant.id"))
    variant: Mapped[str] = mapped_column(String(80))
    happens_on: Mapped[date | None] = mapped_column(Date)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    slot: Mapped[int | None] = mapped_column(Integer)
    period_key: Mapped[str] = mapped_column(String(8), server_default="once")
    price: Mapped[int] = mapped_column(BigInteger)
    has_stock: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    hold_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("transfer.id"))
    capture_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("transfer.id"))
    wish: Mapped[str] = mapped_column(String(500))
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    terms_hash: Mapped[str] = mapped_column(String(64))
    terms_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    delivery: Mapped[str] = mapped_column(String(1000))
    handed: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(500))
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    approved_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ordered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    ordered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    received_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    received_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    failed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    retried_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    retried_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    released_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class _Address:
    """Where a parcel goes. Personal: only the person and admins read it."""

    name: Mapped[str] = mapped_column(String(120))
    street: Mapped[str] = mapped_column(String(240))
    postcode: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(120))
    region: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))


class RedemptionAddress(_Address, Base):
    """Where one redemption is sent. A row of its own, so that it can be erased and the redemption stays."""

    __tablename__ = "redemption_address"

    redemption_id: Mapped[int] = mapped_column(BigId, ForeignKey("redemption.id"), primary_key=True, autoincrement=False)


class KeptAddress(_Address, Base):
    """The address a person asked us to remember for the next parcel. Gone as soon as they ask us to forget it."""

    __tablename__ = "kept_address"

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    kept_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RedemptionTerms(Base):
    """What the rule approves by itself: one row, or none while nobody changed it. ``most_cents`` empty: nothing."""

    __tablename__ = "redemption_terms"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("most_cents > 0 AND received > 0", name="positive"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    most_cents: Mapped[int | None]
    received: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class RedemptionPause(Base):
    """A redemption that the rule looks at again ``until`` the rest after a change of password or address is over. The row goes with that look."""

    __tablename__ = "redemption_pause"
    __table_args__ = (Index(None, "until"),)

    redemption_id: Mapped[int] = mapped_column(BigId, ForeignKey("redemption.id"), primary_key=True, autoincrement=False)
    until: Mapped[datetime] = mapped_column(UTCDateTime)
