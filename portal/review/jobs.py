"""What the worker does for reviewing. Handed over in ``app.py``."""

from datetime import datetime

from portal.kernel.db import Database
from portal.review.actions import presses, undoing

EVERY_SECONDS = 3600.0


def forget_presses(database: Database, now: datetime) -> int:
    """The tick that removes the keys of buttons pressed a day ago."""
    return database.write(lambda session: presses.forget_presses(session, now=now))


def forget_decisions(database: Database, now: datetime) -> int:
    """The tick that removes decisions that nobody can undo any more."""
    return database.write(lambda session: undoing.forget_decisions(session, now=now))
