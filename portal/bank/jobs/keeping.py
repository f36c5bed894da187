"""What the worker does for finance: each month that is over is counted once, so that no page adds it up again. Handed over in ``app.py``.

May run twice, be stopped anywhere, or run in two workers at once, to one effect.
"""

from datetime import datetime
from functools import partial

from portal.bank.actions.keeping import keep_month
from portal.bank.queries.finance import units
from portal.bank.queries.kept import count_month, next_to_keep
from portal.kernel.db import Database

KEEP_SECONDS = 900.0


def keep_months(database: Database, now: datetime) -> int:
    """Keep every month that is over and not kept, of each unit. Counted with nothing locked. Returns how many months this call kept."""
    with database.reading() as session:
        known = units(session)
    return sum(_keep_next(database, unit, now) for unit in known)


def _keep_next(database: Database, unit: str, now: datetime) -> int:
    kept = 0
    while True:
        with database.snapshot() as session:
            first = next_to_keep(session, unit, now)
            counted = count_month(session, unit, first) if first else None
        if counted is None:
            return kept
        kept += database.write(partial(keep_month, counted=counted, now=now))
