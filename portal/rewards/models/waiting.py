"""Who wishes for what, who waits for what, and what came back onto a shelf."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime

_AS_IT_IS, _ONE = "variant_id IS NULL", "variant_id IS NOT NULL"


class RewardWish(Base):
    """A reward that somebody would like. ``reached_at`` is since when it is within their reach, as far as they were told; empty while it is not."""

    __tablename__ = "reward_wish"
    __table_args__ = (Index(None, "reward_id"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"), primary_key=True, autoincrement=False)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reached_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RewardWait(Base):
    """Somebody who waits for what is sold out: a reward, or one variant of it. Nothing is charged, nothing is held.

    ``turn_at`` orders the list: the moment they joined or, once they were told, that moment, so that who was told goes behind who was not.
    """

    __tablename__ = "reward_wait"
    __table_args__ = (
        CheckConstraint("told_at IS NULL OR turn_at = told_at", name="told_goes_behind"),
        Index("uq_reward_wait_reward", "reward_id", "person_id", unique=True, sqlite_where=text(_AS_IT_IS), postgresql_where=text(_AS_IT_IS)),
        Index("uq_reward_wait_variant", "variant_id", "person_id", unique=True, sqlite_where=text(_ONE), postgresql_where=text(_ONE)),
        Index(None, "reward_id", "turn_at", "id"),
        Index(None, "person_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"))
    variant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("reward_variant.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    joined_at: Mapped[datetime] = mapped_column(UTCDateTime)
    turn_at: Mapped[datetime] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class StockReturn(Base):
    """Pieces that came back while people waited for them; so many people are told, once. ``open`` are still to be told about.

    ``was_empty`` tells whether the shelf was empty before: then who was told of earlier pieces, and waits still, may be told again.
    """

    __tablename__ = "stock_return"
    __table_args__ = (
        CheckConstraint("pieces > 0", name="pieces_positive"),
        CheckConstraint("open >= 0 AND told >= 0 AND told + open <= pieces", name="told_within_pieces"),
        Index(None, "reward_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"))
    variant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("reward_variant.id"))
    pieces: Mapped[int]
    open: Mapped[int]
    told: Mapped[int]
    was_empty: Mapped[bool]
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
