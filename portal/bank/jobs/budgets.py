"""What the worker does for budgets: admins are told when one is near, of this period and, after a time without worker, of the last one too.

Handed over in ``app.py``. May run twice, late, or in two workers at once, to one effect.
"""

from datetime import datetime, timedelta
from functools import partial

from portal.bank.actions.finance import tell_of_budget
from portal.bank.queries.budgets import budget_history, reached_on, standing_budgets, told_levels
from portal.bank.rules.budgets import Period, first_of
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.db import Database, programme_zone

BUDGET_SECONDS = 900.0


def watch_budgets(database: Database, now: datetime) -> int:
    """Tell admins of each level that a budget has reached and that was not told. Returns how many alarms were given."""
    with database.reading() as session:
        zone, planned = programme_zone(session), budget_history(session)
        today = local_date(now, zone)
        reached = reached_on(session, standing_budgets(planned), today)
        for period in Period:
            # As it stood at the end of the last period: one that was set since is no measure of it.
            first = first_of(period, today)
            stood = [budget for budget in standing_budgets(planned, start_of_day(first, zone)) if budget.period is period]
            reached += reached_on(session, stood, first - timedelta(days=1))
        told = told_levels(session, [one.budget.id for one in reached])
    due = [one for one in reached if one.level is not None and told.get((one.budget.id, one.first), 0) < one.level]
    return sum(database.write(partial(tell_of_budget, reached=one, now=now)) for one in due)
