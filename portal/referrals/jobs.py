"""What the worker does for referrals: details of peers go when their time is over. Handed over in ``app.py``."""

from datetime import datetime

from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.referrals.actions import erase_due

EVERY_SECONDS = 3600.0
MOST = 100


def forget_peers(database: Database, now: datetime) -> int:
    """Remove the details of peers whose referral was declined long enough ago; returns of how many."""
    erased = 0
    while erased < MOST and database.write(lambda session: erase_due(session, system("job"), now=now, most=1)):
        erased += 1
    return erased
