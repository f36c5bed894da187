"""What is offered: rewards, what they ask for, who they are meant for, what they come in."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime, WordList, one_of
from portal.rewards.rules.conditions import Period
from portal.rewards.rules.kinds import Kind, RewardState


class Reward(Base):
    """Something to spend points on. ``stock`` and ``limit_per_person`` empty: without limit.

    ``search_key`` is name and summary folded, so that a search finds "cafe" in "Café" on both
    engines; ``made_by`` the key of the form that made it. ``options`` are what its kind asks for besides,
    ``terms`` what is agreed to before it is redeemed. A reward with variants has no stock of its own.
    ``value_cents`` is what one is worth in cents of US dollars; empty: its price at the value of a point. Of a card whose amount is in
    US dollars it is that amount. ``warned_at`` is since when admins know that its codes run low; empty while they do not.
    """

    __tablename__ = "reward"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("state", RewardState),
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("stock >= 0", name="stock_never_below_zero"),
        CheckConstraint("limit_per_person > 0", name="limit_positive"),
        CheckConstraint("value_cents >= 0", name="value_not_negative"),
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
    options: Mapped[dict[str, Any]] = mapped_column(Json)
    terms: Mapped[str] = mapped_column(Text)
    value_cents: Mapped[int | None]
    warned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(16))
    made_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RewardConditions(Base):
    """What a reward asks for besides its price; without a row it asks for nothing.

    On sale from the day ``sale_from`` to the day ``sale_to``, both included, in the programme's zone; ``is_shown_before``: members
    see it before that. ``period`` is where the reward's limit for one person counts. ``level_id`` is the level it takes,
    ``countries`` the codes of those it is offered in; empty is everywhere.
    """

    __tablename__ = "reward_conditions"
    __table_args__ = (one_of("period", Period), CheckConstraint("sale_to >= sale_from", name="ends_after_it_begins"))

    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"), primary_key=True, autoincrement=False)
    sale_from: Mapped[date | None] = mapped_column(Date)
    sale_to: Mapped[date | None] = mapped_column(Date)
    is_shown_before: Mapped[bool]
    period: Mapped[str] = mapped_column(String(8))
    level_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("level.id"))
    countries: Mapped[tuple[str, ...]] = mapped_column(WordList(1000), nullable=True)


class RewardAudience(Base):
    """Which audience a reward is meant for; without a row it is meant for everybody."""

    __tablename__ = "reward_audience"
    __table_args__ = (UniqueConstraint("audience_id"),)

    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"), primary_key=True, autoincrement=False)
    audience_id: Mapped[int] = mapped_column(BigId, ForeignKey("audience.id"))


class RewardVariant(Base):
    """One of what a reward comes in: a size and colour, or a date with seats. ``stock`` empty: not counted."""

    __tablename__ = "reward_variant"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock_never_below_zero"),
        UniqueConstraint("reward_id", "name"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"))
    name: Mapped[str] = mapped_column(String(80))
    happens_on: Mapped[date | None] = mapped_column(Date)
    stock: Mapped[int | None] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer)
    is_active: Mapped[bool]
