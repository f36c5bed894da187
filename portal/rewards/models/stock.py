"""How the stock of each shelf moved."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime, append_only_ddl, attach_ddl, one_of
from portal.rewards.rules.stock import Why


class StockMovement(Base):
    """So many ``pieces`` came onto a shelf, or left it, where below nothing. Append-only; the stock of a shelf is the sum of its movements.

    A shelf is a reward or, with ``variant_id``, one of its variants; while it is not counted the sum is nothing. ``key`` is unique for ever:
    that of the form which asked for a change by hand, or of what a redemption took or gave back. ``person_id`` is who did it, empty for
    the portal itself.
    """

    __tablename__ = "stock_movement"
    __table_args__ = (
        one_of("why", Why),
        CheckConstraint("(redemption_id IS NOT NULL) = (why IN ('taken', 'back', 'renewed'))", name="redeemed_or_not"),
        CheckConstraint("why NOT IN ('taken', 'back', 'renewed') OR pieces = CASE why WHEN 'back' THEN 1 ELSE -1 END", name="one_piece"),
        UniqueConstraint("key"),
        Index(None, "reward_id", "id"),
        Index(None, "redemption_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"))
    variant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("reward_variant.id"))
    redemption_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("redemption.id"))
    why: Mapped[str] = mapped_column(String(16))
    pieces: Mapped[int] = mapped_column(Integer)
    key: Mapped[str | None] = mapped_column(String(64))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


attach_ddl(StockMovement.__table__, append_only_ddl("stock_movement"))  # type: ignore[arg-type]
