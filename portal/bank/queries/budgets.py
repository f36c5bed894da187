"""Budgets as they stand, and what counts against them in the period of a day."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.bank.models import Budget, BudgetAlarm
from portal.bank.queries.finance import flows
from portal.bank.rules.budgets import Counts, Period, Planned, Reached, first_of, last_of
from portal.kernel.clock import end_of_day, start_of_day
from portal.kernel.db import programme_zone


def budget_history(session: Session) -> list[Planned]:
    """Return all that was ever planned, the last first."""
    found = session.scalars(select(Budget).order_by(Budget.id.desc()))
    return [Planned(row.id, Counts(row.counts), Period(row.period), row.points, row.reason, row.set_by_id, row.set_at) for row in found]


def standing_budgets(planned: Sequence[Planned], before: datetime | None = None) -> list[Planned]:
    """Return of each kind the budget that stands, or stood just ``before`` a moment; ``planned`` has the last first."""
    last: dict[tuple[Counts, Period], Planned] = {}
    for budget in planned:
        if before is None or budget.set_at < before:
            last.setdefault((budget.counts, budget.period), budget)
    order = [(counts, period) for counts in Counts for period in Period]
    return [last[key] for key in order if key in last and last[key].points is not None]


def reached_on(session: Session, planned: Sequence[Planned], day: date) -> list[Reached]:
    """Return each of ``planned`` with what counts against it in the period of ``day``. One statement, none without budgets."""
    if not planned:
        return []
    zone = programme_zone(session)
    spans = [(first_of(budget.period, day), last_of(budget.period, day)) for budget in planned]
    edges = sorted({moment for first, last in spans for moment in (start_of_day(first, zone), end_of_day(last, zone))})
    parts, found = flows(session, edges), []
    for budget, (first, last) in zip(planned, spans, strict=True):
        inside = parts[edges.index(start_of_day(first, zone)) : edges.index(end_of_day(last, zone))]
        points = sum(part.given if budget.counts is Counts.ISSUED else part.redeemed for part in inside)
        found.append(Reached(budget, first, last, points))
    return found


def told_levels(session: Session, budget_ids: Sequence[int]) -> dict[tuple[int, date], int]:
    """Return the highest level that was told of each budget and period."""
    rows = session.scalars(select(BudgetAlarm).where(BudgetAlarm.budget_id.in_(budget_ids))) if budget_ids else ()
    found: dict[tuple[int, date], int] = {}
    for row in rows:
        key = (row.budget_id, row.period_on)
        found[key] = max(found.get(key, 0), row.level)
    return found
