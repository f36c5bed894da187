"""Points for finance: by the month of their lots, by the month in which they moved, and what is assumed of them. Added up by the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, func, literal, literal_column, select
from sqlalchemy.orm import Session

from portal.bank.models import Assumption
from portal.bank.rules.finance import Assumed, Standing, Sums
from portal.kernel.money import CURRENCY
from portal.ledger.lots import NEVER, PLACES, PolicyKind
from portal.ledger.models import account, entry, lot, lot_line, points_policy, transfer
from portal.ledger.queries.sealed import committed_by
from portal.ledger.queries.totals import programme_totals
from portal.ledger.rules import POINTS, AccountKind

SUMS = ("earned", *PLACES)
"""The names of the sums of a month."""
_NOW: Select[Any] = (
    select(lot.c.month, func.max(lot.c.expires_on).label("until"), *(func.sum(lot.c[name]).label(name) for name in SUMS))
    .where(lot.c.unit == bindparam("b_unit"))
    .group_by(lot.c.month)
    .order_by(lot.c.month)
)
# By when it was recorded: what is written later is never of a month that is over.
# The last day of a lot is what it always was, but for one that an activity moves: that one tells nothing of the past.
_LAST_DAY = case((points_policy.c.kind == PolicyKind.INACTIVITY, literal(NEVER, lot.c.expires_on.type)), else_=lot.c.expires_on)
_THEN: Select[Any] = (
    select(lot.c.month, func.max(_LAST_DAY).label("until"), *(func.sum(lot_line.c[name]).label(name) for name in SUMS))
    .outerjoin(points_policy, points_policy.c.id == lot.c.policy_id)
    .join(lot_line, lot_line.c.lot_id == lot.c.id)
    .join(transfer, transfer.c.id == lot_line.c.transfer_id)
    .where(lot.c.unit == bindparam("b_unit"), transfer.c.recorded_at < bindparam("b_before", type_=transfer.c.recorded_at.type))
    .group_by(lot.c.month)
    .order_by(lot.c.month)
)
_MOVED = _THEN.where(transfer.c.id > bindparam("b_after"), transfer.c.recorded_at >= bindparam("b_since", type_=transfer.c.recorded_at.type))
_OWNED = (
    select(account.c.kind, func.sum(account.c.balance).label("total"))
    .where(account.c.owner_id.is_not(None), account.c.unit == bindparam("b_unit"))
    .group_by(account.c.kind)
)
_UNITS = select(account.c.unit).where(account.c.owner_id.is_(None)).distinct().order_by(account.c.unit)
_FIRST = select(func.min(transfer.c.recorded_at)).where(transfer.c.id == select(func.min(transfer.c.id)).scalar_subquery())
_ORIGINAL = transfer.alias("original")
_FROM_EXPIRED = (
    select(func.coalesce(func.sum(entry.c.amount), 0))
    .join(account, account.c.id == entry.c.account_id)
    .where(entry.c.transfer_id == transfer.c.id, account.c.kind == AccountKind.EXPIRED)
    .correlate(transfer)
    .scalar_subquery()
)
SEALED_LATE = timedelta(days=1)
"""Blocks are sealed by other clocks than those that record: so far apart they are never."""


@dataclass(frozen=True)
class Flow:
    """What was recorded in a span of time, each less what came back: taken back, returned, or settled when an expired award was reversed.

    ``given`` counts corrections too.
    """

    given: int = 0
    redeemed: int = 0
    expired: int = 0


@dataclass(frozen=True)
class Compared:
    """What lots say and what the ledger's accounts say of the same points."""

    name: str
    lots: int
    accounts: int


def sums_by_month(session: Session, *, unit: str = POINTS, before: datetime | None = None) -> list[Sums]:
    """Return points by the month of their lots, the first first: as they stand, or as what was recorded ``before`` a moment left them."""
    asked, facts = (_NOW, {"b_unit": unit}) if before is None else (_THEN, {"b_unit": unit, "b_before": before})
    return [Sums(row.month, until=row.until, **_read(row)) for row in session.connection().execute(asked, facts)]


def sums_moved(session: Session, since: datetime, before: datetime, *, unit: str = POINTS) -> list[Sums]:
    """Return by how much what was recorded from ``since`` on and ``before`` a moment moved the lots of each month."""
    facts = {"b_unit": unit, "b_before": before, "b_since": since, "b_after": committed_by(session, since - SEALED_LATE)}
    return [Sums(row.month, until=row.until, **_read(row)) for row in session.connection().execute(_MOVED, facts)]


def began_at(session: Session) -> datetime | None:
    """Return when the first transfer was recorded, None where there is none."""
    found: datetime | None = session.connection().execute(_FIRST).scalar()
    return found


def _read(row: Any) -> dict[str, Any]:
    return {name: int(getattr(row, name)) for name in SUMS}


def flows(session: Session, bounds: Sequence[datetime], *, unit: str = POINTS) -> list[Flow]:
    """Return what was recorded from each of ``bounds`` to the next: one less than there are bounds, which ascend. Two statements.

    What was sealed a day before the first bound is not looked at: it was recorded before it was sealed.
    """
    if len(bounds) < 2:
        return []
    source = case((transfer.c.kind == "reverse", _ORIGINAL.c.kind), else_=transfer.c.kind)
    settled = case((transfer.c.kind == "expire", transfer.c.points), (transfer.c.kind == "reverse", _FROM_EXPIRED), else_=0)
    moved = (
        # Halved again and again, so that a row is compared with few of many bounds.
        select(_span(bounds, 0, len(bounds) - 1).label("span"), source.label("kind"), transfer.c.points, settled.label("expired"))
        .outerjoin(_ORIGINAL, and_(transfer.c.kind == "reverse", _ORIGINAL.c.id == transfer.c.reverses_id))
        .where(transfer.c.id > committed_by(session, bounds[0] - SEALED_LATE), transfer.c.unit == unit)
        .where(transfer.c.recorded_at >= bounds[0], transfer.c.recorded_at < bounds[-1])
        .subquery("moved")
    )
    asked = select(moved.c.span, *_sums_of(moved), func.sum(moved.c.expired).label("expired")).group_by(moved.c.span)
    found = {row.span: Flow(int(row.given), int(row.redeemed), int(row.expired)) for row in session.connection().execute(asked)}
    return [found.get(place, Flow()) for place in range(len(bounds) - 1)]


def came_back(session: Session, bounds: Sequence[datetime], changes: Sequence[datetime], *, unit: str = POINTS) -> list[tuple[int, int, Flow]]:
    """Return what was taken back or returned from each of ``bounds`` to the next, below zero, by when it had been given out or redeemed.

    Rows (place of the bound, how many of ``changes``, which ascend, had come when the original was recorded, flow). Two statements.
    """
    if len(bounds) < 2:
        return []
    moved = (
        select(
            _span(bounds, 0, len(bounds) - 1).label("span"),
            # Nothing is compared with the first bound: what was recorded before all changes is at place 0.
            _span([bounds[0], *changes], 0, len(changes) + 1, _ORIGINAL.c.recorded_at).label("change"),
            _ORIGINAL.c.kind,
            transfer.c.points,
        )
        .join(_ORIGINAL, _ORIGINAL.c.id == transfer.c.reverses_id)
        .where(transfer.c.id > committed_by(session, bounds[0] - SEALED_LATE), transfer.c.unit == unit)
        .where(transfer.c.recorded_at >= bounds[0], transfer.c.recorded_at < bounds[-1])
        .subquery("moved")
    )
    given, redeemed = _sums_of(moved)
    asked = select(moved.c.span, moved.c.change, given, redeemed).group_by(moved.c.span, moved.c.change)
    return [(row.span, row.change, Flow(int(row.given), int(row.redeemed))) for row in session.connection().execute(asked)]


def _sums_of(moved: Any) -> list[Any]:
    counted = {"given": ("award", "adjust"), "redeemed": ("capture",)}
    return [func.sum(case((moved.c.kind.in_(kinds), moved.c.points), else_=0)).label(name) for name, kinds in counted.items()]


def _span(bounds: Sequence[datetime], low: int, high: int, at: Any = transfer.c.recorded_at) -> Any:
    """Return an expression for the place of a transfer among ``bounds[low:high]``."""
    if high - low == 1:
        return literal_column(str(low))
    middle = (low + high) // 2
    return case((at < bounds[middle], _span(bounds, low, middle, at)), else_=_span(bounds, middle, high, at))


def months_back(today: date, count: int) -> list[date]:
    """Return the first days of the ``count`` whole months before that of ``today``, the last at the end."""
    this = today.year * 12 + today.month - 1
    return [date((this - back) // 12, (this - back) % 12 + 1, 1) for back in range(count, 0, -1)]


def compared(session: Session, months: Sequence[Sums], *, unit: str = POINTS) -> list[Compared]:
    """Hold all lots against the ledger's own accounts.

    What came in, less what was taken back and what paid a debt, is what was issued and adjusted, once what is still owed is seen as taken.
    """
    owned = {AccountKind(row.kind): int(row.total) for row in session.connection().execute(_OWNED, {"b_unit": unit})}
    programme = programme_totals(session, unit=unit)
    total = total_of(months)
    given = total.earned - total.reversed - total.corrected - total.paid + owned.get(AccountKind.OWED, 0)
    return [
        Compared("open", total.open, owned.get(AccountKind.AVAILABLE, 0)),
        Compared("held", total.held, owned.get(AccountKind.HELD, 0)),
        Compared("redeemed", total.spent, programme[AccountKind.REDEEMED]),
        Compared("expired", total.expired, programme[AccountKind.EXPIRED]),
        Compared("given", given, -programme[AccountKind.ISSUED] - programme[AccountKind.ADJUSTED]),
    ]


def total_of(months: Sequence[Sums]) -> Sums:
    """Return the sums of ``months`` together; its month is the last."""
    whole: dict[str, Any] = {name: sum(getattr(sums, name) for sums in months) for name in SUMS}
    return Sums(months[-1].month if months else date.min, **whole)


def units(session: Session) -> list[str]:
    """Return the units in which anything was ever posted, that of points at least."""
    return sorted({POINTS, *session.connection().execute(_UNITS).scalars()})


def history(session: Session) -> list[Standing]:
    """Return all that was ever assumed, the last first."""
    found = session.scalars(select(Assumption).order_by(Assumption.id.desc()))
    return [Standing(row.id, Assumed(row.kind), row.value, row.currency, row.from_on, row.reason, row.set_by_id, row.set_at) for row in found]


def currency_of(session: Session) -> str:
    """Return the programme's currency (``PORTAL_CURRENCY``), in which the cost of a point and what is owed are told."""
    return str(session.info.get("currency", CURRENCY))
