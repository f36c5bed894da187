"""What the worker does each week: all admins are told what was given and taken by hand. Handed over in ``app.py``.

May run twice, late, or in two workers at once, to one effect.
"""

from datetime import datetime
from functools import partial

from portal.bank.actions.weekly import tell_of_week
from portal.bank.queries.weekly import last_told
from portal.bank.rules.weekly import due_weeks, last_week
from portal.kernel.db import Database, programme_zone

WEEK_SECONDS = 900.0


def tell_of_corrections(database: Database, now: datetime) -> int:
    """Tell of each week that is over and was not told. Returns how many were told; of one without corrections nobody is."""
    with database.reading() as session:
        due = due_weeks(last_told(session), last_week(now, programme_zone(session)))
    return sum(database.write(partial(tell_of_week, first=first, now=now)) for first in due)
