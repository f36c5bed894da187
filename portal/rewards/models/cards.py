"""Gift cards: what was asked for, orders at the provider, spare ones, and the provider's balance."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime, one_of
from portal.rewards.rules.cards import OrderState


class AskedCard(Base):
    """What card one redemption is for, as its reward said when it was asked for: product at the provider, amount, currency, value in cents of
    US dollars. Without an amount the reward names none.
    """

    __tablename__ = "redemption_card"
    __table_args__ = (
        CheckConstraint("(amount_cents IS NULL) = (currency = '')", name="amount_whole"),
        CheckConstraint("amount_cents > 0 AND value_cents >= 0", name="amounts_positive"),
    )

    redemption_id: Mapped[int] = mapped_column(BigId, ForeignKey("redemption.id"), primary_key=True, autoincrement=False)
    product: Mapped[str] = mapped_column(String(80))
    amount_cents: Mapped[int | None]
    currency: Mapped[str] = mapped_column(String(3))
    value_cents: Mapped[int | None]


class CardShelf(Base):
    """Where spare cards of one product, amount and currency lie, which the provider made and nobody has seen. The vault calls it ``card:<id>``."""

    __tablename__ = "card_shelf"
    __table_args__ = (
        UniqueConstraint("product", "amount_cents", "currency"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product: Mapped[str] = mapped_column(String(80))
    amount_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))


_OPEN_OR_MADE = text("state IN ('noted', 'doubt', 'made')")


_HAS_REFERENCE = text("reference <> ''")


class CardOrder(Base):
    """One card ordered from the provider for one redemption. Written and committed before the provider is asked.

    ``order_id`` follows from the redemption and is the same for ever; ``turn`` counts on only where the provider said for sure that it made
    nothing. ``claimed_until`` keeps two workers from asking at once. ``why`` is a word of ``rules.cards.Why``, never what the provider wrote.
    """

    __tablename__ = "card_order"
    __table_args__ = (
        one_of("state", OrderState),
        UniqueConstraint("order_id"),
        UniqueConstraint("redemption_id", "turn"),
        CheckConstraint("turn > 0 AND tries >= 0 AND amount_cents > 0", name="counted"),
        CheckConstraint("(settled_at IS NULL) = (state IN ('noted', 'doubt'))", name="settled_when_known"),
        CheckConstraint("state <> 'doubt' OR asked_at IS NOT NULL", name="doubt_was_asked"),
        Index("uq_card_order_one", "redemption_id", unique=True, sqlite_where=_OPEN_OR_MADE, postgresql_where=_OPEN_OR_MADE),
        Index("uq_card_order_reference", "reference", unique=True, sqlite_where=_HAS_REFERENCE, postgresql_where=_HAS_REFERENCE),
        Index(None, "state", "noted_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    redemption_id: Mapped[int] = mapped_column(BigId, ForeignKey("redemption.id"))
    turn: Mapped[int]
    order_id: Mapped[str] = mapped_column(String(80))
    product: Mapped[str] = mapped_column(String(80))
    amount_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(8))
    why: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str] = mapped_column(String(100))
    tries: Mapped[int]
    noted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class CardTerms(Base):
    """Below which balance the provider's is low, in hundredths of its currency: one row, or none while nobody changed it."""

    __tablename__ = "card_terms"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("low_cents >= 0", name="not_negative"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    low_cents: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class CardBalance(Base):
    """What the provider said of its balance: one row. ``failed_at`` is set while it does not answer, ``warned_at`` while it is low."""

    __tablename__ = "card_balance"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("(cents IS NULL) = (currency = '')", name="amount_whole"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    cents: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    looked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    warned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
