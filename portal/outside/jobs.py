"""What the worker does for events: it forgets strangers. Handed over in ``app.py``."""

from datetime import datetime

from portal.kernel.db import Database
from portal.outside import actions

EVERY_SECONDS = 3600.0


def forget_strangers(database: Database, now: datetime) -> int:
    """Remove address and data of old events of people who never came here; returns of how many."""
    return database.write(lambda session: actions.forget_strangers(session, now=now))
