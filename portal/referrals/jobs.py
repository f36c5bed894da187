"""What the worker does for referrals: details of peers go when their time is over. Handed over in ``app.py``."""

from datetime import datetime

from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.referrals.actions import erase_due

EVERY_SECONDS = 3600.0


def forget_peers(database: Database, now: datetime) -> int:
    """Remove the details of peers whose referral was declined long enough ago; returns of how many."""
    return database.write(lambda session: erase_due(session, system("job"), now=now))
