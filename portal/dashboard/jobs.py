"""What the worker does for the pages of a large programme: it counts, so that no page has to. Handed over in ``app.py``."""

import time
from datetime import datetime, timedelta

from portal.dashboard import actions
from portal.dashboard.queries.figures import SMALL, count_figures, find_kept, is_large, packed
from portal.dashboard.rules import is_count_due
from portal.kernel.db import Database

EVERY_SECONDS = 30.0


def keep_figures(database: Database, now: datetime, *, beyond: int = SMALL) -> bool:
    """Count the figures anew when it is time, or drop them in a programme that is small. Tells whether it counted.

    Everything is counted while reading and written in one short transaction.
    """
    with database.snapshot() as session:
        kept = find_kept(session, now)
        if not is_large(session, beyond=beyond):
            row = None
        elif kept is not None and not is_count_due(kept.counted_at, kept.seconds, now):
            return False
        else:
            began = time.monotonic()
            row = packed(session, count_figures(session, now), now, timedelta(seconds=time.monotonic() - began))
    if row is not None or kept is not None:
        database.write(lambda session: actions.keep_figures(session, row))
    return row is not None
