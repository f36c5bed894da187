"""Budgets as they stand, and what counts against them in the period of a day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.bank.models import Budget, BudgetAlarm, BudgetTerms
from portal.bank.queries.finance import Flow, came_back, history
from portal.bank.queries.kept import flows_between
from portal.bank.rules.budgets import Counts, Measure, Period, Planned, Reached, cost_of_parts, first_of, last_of
from portal.bank.rules.finance import Assumed, standing_on
from portal.kernel.clock import start_of_day
from portal.kernel.db import programme_zone


def budget_history(session: Session) -> list[Planned]:
    """Return all that was ever planned, the last first."""
    found = session.execute(select(Budget, BudgetTerms).outerjoin(BudgetTerms, BudgetTerms.id == Budget.id).order_by(Budget.id.desc()))
    return [_planned(budget, terms) for budget, terms in found]


def _planned(row: Budget, terms: BudgetTerms | None) -> Planned:
    more = {} if terms is None else {"cents": terms.cents, "currency": terms.currency, "near": terms.near}
    return Planned(row.id, Counts(row.counts), Period(row.period), row.points, row.reason, row.set_by_id, row.set_at, **more)  # type: ignore[arg-type]


def standing_budgets(planned: Sequence[Planned], before: datetime | None = None) -> list[Planned]:
    """Return of each kind and measure the budget that stands, or stood just ``before`` a moment; ``planned`` has the last first."""
    last: dict[tuple[Counts, Period, Measure], Planned] = {}
    for budget in planned:
        if before is None or budget.set_at < before:
            last.setdefault((budget.counts, budget.period, budget.measure), budget)
    order = [(counts, period, measure) for counts in Counts for period in Period for measure in Measure]
    return [last[key] for key in order if key in last and last[key].amount is not None]


def reached_on(session: Session, planned: Sequence[Planned], day: date) -> list[Reached]:
    """Return each of ``planned`` with what counts against it in the period of ``day``. None of these statements without budgets.

    In money points cost what one cost on the day on which they were given out or redeemed, as assumed in the budget's currency; what came
    back in the period is taken off at what it cost then, too, however long ago that was. Three statements for the points, three more for money.
    """
    if not planned:
        return []
    is_money = any(budget.currency for budget in planned)
    told = history(session) if is_money else []
    changes = sorted({line.from_on for line in told if line.kind is Assumed.COST})
    spans = [(first_of(budget.period, day), last_of(budget.period, day)) for budget in planned]
    begins, ends = min(first for first, _last in spans), max(last for _first, last in spans)
    days = {first for first, _last in spans} | {last + timedelta(days=1) for _first, last in spans} | {d for d in changes if begins < d <= ends}
    # At the first of each month too, since whole months that are over are kept.
    edges = sorted(days | {date(number // 12, number % 12 + 1, 1) for number in range(_number(begins), _number(ends) + 1)})
    parts = [(edge, edge, part) for edge, part in zip(edges, flows_between(session, edges), strict=False)]
    moved = _came_back(session, edges, changes) if is_money else []
    found = []
    for budget, (first, last) in zip(planned, spans, strict=True):
        counted = [(edge, then, part.given if budget.counts is Counts.ISSUED else part.redeemed) for edge, then, part in parts + moved]
        inside = [(then, points) for edge, then, points in counted if first <= edge <= last]
        costs = [(points, standing_on(told, Assumed.COST, then, budget.currency)) for then, points in inside] if budget.currency else []
        cents, unpriced = cost_of_parts((points, cost.value if cost else None) for points, cost in costs)
        found.append(Reached(budget, first, last, sum(points for _then, points in inside), cents, unpriced))
    return found


def _came_back(session: Session, edges: Sequence[date], changes: Sequence[date]) -> list[tuple[date, date, Flow]]:
    """Return what came back as parts (when it came, a day that tells its cost, points), moved from the day it came to that of its original."""
    zone = programme_zone(session)
    at, changed = ([start_of_day(day, zone) for day in days] for days in (edges, changes))
    parts = []
    for place, change, back in came_back(session, at, changed):
        edge, then = edges[place], changes[change - 1] if change else date.min
        parts += [(edge, edge, Flow(-back.given, -back.redeemed)), (edge, then, back)]
    return parts


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def told_levels(session: Session, budget_ids: Sequence[int]) -> dict[tuple[int, date], int]:
    """Return the highest level that was told of each budget and period."""
    rows = session.scalars(select(BudgetAlarm).where(BudgetAlarm.budget_id.in_(budget_ids))) if budget_ids else ()
    found: dict[tuple[int, date], int] = {}
    for row in rows:
        key = (row.budget_id, row.period_on)
        found[key] = max(found.get(key, 0), row.level)
    return found
