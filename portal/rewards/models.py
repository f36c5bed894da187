"""Rewards and what people redeemed."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime, one_of
from portal.rewards.rules.kinds import Kind, RewardState
from portal.rewards.rules.states import State


class Reward(Base):
    """Something to spend points on. ``stock`` and ``limit_per_person`` empty: without limit.

    ``search_key`` is name and summary folded, so that a search finds "cafe" in "Café" on both
    engines; ``made_by`` the key of the form that made it.
    """

    __tablename__ = "reward"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("state", RewardState),
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("stock >= 0", name="stock_never_below_zero"),
        CheckConstraint("limit_per_person > 0", name="limit_positive"),
        UniqueConstraint("made_by"),
        Index(None, "state", "price", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(240))
    text: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(String(400))
    kind: Mapped[str] = mapped_column(String(16))
    unit: Mapped[str] = mapped_column(String(16))
    price: Mapped[int] = mapped_column(BigInteger)
    stock: Mapped[int | None] = mapped_column(Integer)
    limit_per_person: Mapped[int | None] = mapped_column(Integer)
    picture_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("stored_file.id"))
    state: Mapped[str] = mapped_column(String(16))
    made_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Redemption(Base):
    """One reward asked for by one person, at the price of that moment.

    ``hold_id`` is the transfer that set the points aside. ``released_at`` is set once the reward
    is not theirs after all (declined, cancelled, returned): then stock and points are back.
    ``slot`` numbers a person's redemptions of a reward with a limit, so that the database keeps it.
    """

    __tablename__ = "redemption"
    __table_args__ = (
        UniqueConstraint("key"),
        one_of("state", State),
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("(released_at IS NOT NULL) = (state IN ('declined', 'cancelled', 'returned'))", name="released_when_given_back"),
        Index(
            "uq_redemption_slot",
            "reward_id",
            "person_id",
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
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    slot: Mapped[int | None] = mapped_column(Integer)
    price: Mapped[int] = mapped_column(BigInteger)
    has_stock: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    hold_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("transfer.id"))
    capture_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("transfer.id"))
    wish: Mapped[str] = mapped_column(String(500))
    delivery: Mapped[str] = mapped_column(String(1000))
    reason: Mapped[str] = mapped_column(String(500))
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    approved_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fulfilled_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    fulfilled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    released_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
