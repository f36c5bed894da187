"""How the stock of each shelf moved."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, UTCDateTime


class StockChange(Base):
    """A change of a stock by hand, with the key of the form that asked for it: the same form is one change for ever."""

    __tablename__ = "stock_change"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reward_id: Mapped[int] = mapped_column(BigId, ForeignKey("reward.id"))
    variant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("reward_variant.id"))
    key: Mapped[str] = mapped_column(String(64))
    change: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
