"""What a large programme's worker counted for the front page and the overview."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, Json, UTCDateTime


class KeptFigures(Base):
    """The figures of one month, as last counted; one row. A small programme has none: its pages count by themselves.

    For showing only; no rule reads it.
    """

    __tablename__ = "kept_figures"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    figures: Mapped[dict[str, Any]] = mapped_column(Json)
    counted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seconds: Mapped[int]
