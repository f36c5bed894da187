"""What workers do of asks: let those lapse that nobody answered in time."""

from datetime import datetime

from portal.acts.actions.answering import expire_due
from portal.kernel.actor import system
from portal.kernel.db import Database

EVERY_SECONDS = 600.0


def expire_asks(database: Database, now: datetime) -> int:
    """Let open asks lapse whose time is over, some in each transaction, and return how many. It may run twice: once is what counts."""
    total = 0
    while gone := database.write(lambda session: expire_due(session, system("job"), now=now)):
        total += gone
    return total
