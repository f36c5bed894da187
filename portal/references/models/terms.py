"""Tables of what admins set about nominations."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime


class NominationTerms(Base):
    """The terms of ``rules.terms.Terms``: one row, or none while nobody changed them."""

    __tablename__ = "nomination_terms"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("late_days > 0 AND remind_days > 0 AND silent_days > remind_days AND later_days > 0", name="days_in_order"),
        CheckConstraint("approved >= 0 AND agreed >= 0 AND completed >= 0 AND well_done >= 0", name="credit_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    late_days: Mapped[int]
    remind_days: Mapped[int]
    silent_days: Mapped[int]
    later_days: Mapped[int]
    approved: Mapped[int]
    agreed: Mapped[int]
    completed: Mapped[int]
    well_done: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class NominationRule(Base):
    """A rule that approves by itself; ended, never removed, since decisions point at it. ``tiers`` empty: any, and none."""

    __tablename__ = "nomination_rule"
    __table_args__ = (
        CheckConstraint("name <> ''", name="has_name"),
        CheckConstraint("least_agreed >= 0", name="least_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    least_agreed: Mapped[int]
    needs_company: Mapped[bool]
    tiers: Mapped[list[Any]] = mapped_column(Json)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
