"""Corrections by hand, the limits that admins have in making them, disputes of lines, and what finance assumes and plans."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.bank.rules.adjusting import Category, State
from portal.bank.rules.budgets import Counts, Period
from portal.bank.rules.disputes import DisputeState
from portal.bank.rules.finance import MOST_COST, WHOLE, Assumed
from portal.kernel.schema import Base, BigId, UTCDateTime, append_only_ddl, attach_ddl, one_of

_OF_BATCH = text("batch_id IS NOT NULL")
_OPEN = text("state IN ('waiting', 'correcting')")


class Adjustment(Base):
    """A correction of somebody's points by hand: one that was booked at once, or one that waits, or waited, for a second admin.

    ``key`` is unique for ever and names the form or the row of a file. ``asked_by_id`` is empty where
    the command line asked, ``decided_by_id`` where nobody had to decide; the two and the person are
    never the same. ``month`` is the one whose limit it counts against, ``counts_from`` when the
    points take effect, at booking if empty. ``transfer_id`` is the ledger's line.
    """

    __tablename__ = "adjustment"
    __table_args__ = (
        one_of("category", Category),
        one_of("state", State),
        CheckConstraint("points <> 0", name="points_move"),
        CheckConstraint("asked_by_id IS NULL OR asked_by_id <> person_id", name="nobody_gives_themselves"),
        CheckConstraint(
            "decided_by_id IS NULL OR (decided_by_id <> person_id AND decided_by_id <> COALESCE(asked_by_id, 0))", name="second_is_another"
        ),
        CheckConstraint("(state IN ('booked', 'undone')) = (transfer_id IS NOT NULL)", name="booked_has_transfer"),
        CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name="waiting_is_open"),
        UniqueConstraint("key"),
        Index(None, "asked_at", "id"),
        Index(None, "state", "asked_at", "id"),
        Index(None, "person_id"),
        Index("ix_adjustment_batch_id", "batch_id", sqlite_where=_OF_BATCH, postgresql_where=_OF_BATCH),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(320))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    points: Mapped[int] = mapped_column(BigInteger)
    counts_as_earned: Mapped[bool]
    category: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(500))
    counts_from: Mapped[datetime | None] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(12))
    month: Mapped[str] = mapped_column(String(7))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    words: Mapped[str] = mapped_column(String(500), default="")
    """Why it was declined or undone."""
    transfer_id: Mapped[int | None] = mapped_column(BigId)
    batch_id: Mapped[int | None] = mapped_column(BigId)
    is_told: Mapped[bool] = mapped_column(default=True)
    """Whether the person gets a mail besides the notice."""


class AdjustTally(Base):
    """What one admin gave and took by hand in a month; ``admin_id`` 0 is the command line. Moved by guarded updates alone."""

    __tablename__ = "adjust_tally"
    __table_args__ = (CheckConstraint("given >= 0 AND taken >= 0", name="not_negative"),)

    admin_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    given: Mapped[int] = mapped_column(BigInteger)
    taken: Mapped[int] = mapped_column(BigInteger)


class AdjustLimits(Base):
    """The limits of one admin a month: one row, or none while nobody changed them. An empty limit is none."""

    __tablename__ = "adjust_limits"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("given >= 0 AND taken >= 0", name="not_negative"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    given: Mapped[int | None] = mapped_column(BigInteger)
    taken: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Dispute(Base):
    """A member's word that a line of their statement is wrong, and the answer.

    ``transfer_id`` is the line, ``decided_by_id`` who decided it then, empty where a rule or the portal did. ``points``, ``answer`` and
    ``adjustment_id`` are of the correction that puts it right, while that waits for a second admin too; ``tries`` counts those.
    """

    __tablename__ = "dispute"
    __table_args__ = (
        one_of("state", DisputeState),
        CheckConstraint("tries >= 0", name="tries_counted"),
        CheckConstraint("points > 0", name="points_given"),
        CheckConstraint("(state IN ('waiting', 'correcting')) = (settled_at IS NULL)", name="open_is_unsettled"),
        CheckConstraint("(state IN ('correcting', 'righted')) = (adjustment_id IS NOT NULL)", name="righted_has_correction"),
        CheckConstraint("(adjustment_id IS NULL) = (points IS NULL)", name="correction_has_points"),
        CheckConstraint("(state IN ('waiting', 'withdrawn')) = (answered_by_id IS NULL)", name="answered_by_somebody"),
        CheckConstraint(
            "answered_by_id IS NULL OR (answered_by_id <> person_id AND answered_by_id <> COALESCE(decided_by_id, 0))", name="another_answers"
        ),
        Index("uq_dispute_open", "transfer_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "transfer_id", "id"),
        Index(None, "state", "made_at", "id"),
        Index(None, "adjustment_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfer.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_by_id: Mapped[int | None] = mapped_column(BigId)
    words: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(12))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer: Mapped[str] = mapped_column(String(500), default="")
    points: Mapped[int | None] = mapped_column(BigInteger)
    adjustment_id: Mapped[int | None] = mapped_column(ForeignKey("adjustment.id"))
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When admins were told of it; empty for one made anew so soon after the last that nobody was."""


class Assumption(Base):
    """What finance assumes from a day on: what a point costs, or which share of the points will be redeemed. Never changed, never removed.

    ``value`` is in millionths of the currency a point, or in hundredths of a percent. ``currency`` is that of a cost, empty for a share.
    """

    __tablename__ = "finance_assumption"
    __table_args__ = (
        one_of("kind", Assumed),
        CheckConstraint(f"value >= 0 AND value <= CASE kind WHEN 'cost' THEN {MOST_COST} ELSE {WHOLE} END", name="value_in_range"),
        CheckConstraint("(kind = 'cost') = (currency <> '')", name="cost_has_currency"),
        CheckConstraint("reason <> ''", name="reason_given"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    value: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    from_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(500))
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Budget(Base):
    """A budget a period, as it was set; the last of its kind and measure stands. Never changed, never removed.

    ``points`` are empty for one in money (see ``BudgetTerms``), and in one that ends.
    """

    __tablename__ = "points_budget"
    __table_args__ = (
        one_of("counts", Counts),
        one_of("period", Period),
        CheckConstraint("points > 0", name="points_planned"),
        CheckConstraint("reason <> ''", name="reason_given"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    counts: Mapped[str] = mapped_column(String(12))
    period: Mapped[str] = mapped_column(String(12))
    points: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(500))
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime] = mapped_column(UTCDateTime)


class BudgetTerms(Base):
    """In what a budget is, and at which percentage it is near; ``id`` is the budget's. One without a row is in points, near at ``NEAR`` percent.

    With a ``currency`` it is in money, ``cents`` of it, and one without ``cents`` ends it. Never changed, never removed.
    """

    __tablename__ = "budget_terms"
    __table_args__ = (
        CheckConstraint("near BETWEEN 1 AND 99", name="near_before_used_up"),
        CheckConstraint("cents > 0", name="money_planned"),
        CheckConstraint("cents IS NULL OR currency <> ''", name="money_has_currency"),
    )

    id: Mapped[int] = mapped_column(ForeignKey("points_budget.id"), primary_key=True, autoincrement=False)
    near: Mapped[int]
    cents: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class BudgetAlarm(Base):
    """That a budget reached a level in a period, told once for ever: ``period_on`` is the period's first day, ``level`` a percentage."""

    __tablename__ = "budget_alarm"

    budget_id: Mapped[int] = mapped_column(ForeignKey("points_budget.id"), primary_key=True, autoincrement=False)
    period_on: Mapped[date] = mapped_column(Date, primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    points: Mapped[int] = mapped_column(BigInteger)
    told_at: Mapped[datetime] = mapped_column(UTCDateTime)


class CorrectionsWeek(Base):
    """That all admins were told of a week's corrections by hand, or that there were none: ``first_on`` is its Monday, unique for ever."""

    __tablename__ = "corrections_week"
    __table_args__ = (CheckConstraint("corrections >= 0", name="not_negative"),)

    first_on: Mapped[date] = mapped_column(Date, primary_key=True)
    corrections: Mapped[int] = mapped_column(BigInteger)
    told_at: Mapped[datetime] = mapped_column(UTCDateTime)


class FinanceMonth(Base):
    """What was recorded in a month that is over, counted once by the worker and never changed: pages add nothing up that cannot change.

    ``zone`` is the programme's when it was counted, in which the month begins and ends; one in another zone is not looked at.
    """

    __tablename__ = "finance_month"

    unit: Mapped[str] = mapped_column(String(16), primary_key=True)
    zone: Mapped[str] = mapped_column(String(64), primary_key=True)
    first_on: Mapped[date] = mapped_column(Date, primary_key=True)
    begins_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    given: Mapped[int] = mapped_column(BigInteger)
    redeemed: Mapped[int] = mapped_column(BigInteger)
    expired: Mapped[int] = mapped_column(BigInteger)
    kept_at: Mapped[datetime] = mapped_column(UTCDateTime)


class FinanceMonthLots(Base):
    """What the lots of ``month`` were at the end of a kept month; ``until`` as in ``rules.finance.Sums``."""

    __tablename__ = "finance_month_lots"
    __table_args__ = (ForeignKeyConstraint(["unit", "zone", "first_on"], ["finance_month.unit", "finance_month.zone", "finance_month.first_on"]),)

    unit: Mapped[str] = mapped_column(String(16), primary_key=True)
    zone: Mapped[str] = mapped_column(String(64), primary_key=True)
    first_on: Mapped[date] = mapped_column(Date, primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    until: Mapped[date | None] = mapped_column(Date)
    earned: Mapped[int] = mapped_column(BigInteger)
    open: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger)
    spent: Mapped[int] = mapped_column(BigInteger)
    expired: Mapped[int] = mapped_column(BigInteger)
    reversed: Mapped[int] = mapped_column(BigInteger)
    corrected: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger)


for _kept in (Assumption, Budget, BudgetTerms):
    attach_ddl(_kept.__table__, append_only_ddl(_kept.__tablename__))  # type: ignore[arg-type]
