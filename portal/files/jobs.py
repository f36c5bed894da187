"""What the worker does for files: it sweeps up what no row speaks of. Handed over in ``app.py``."""

from collections.abc import Callable
from datetime import datetime

from portal.files.actions import remove_orphans
from portal.files.storage import Storage
from portal.kernel.db import Database

EVERY_SECONDS = 3600.0


def sweep(storage: Storage) -> Callable[[Database, datetime], int]:
    """Return the tick for this storage: it removes files that are older than a day and have no row, and says how many."""

    def tick(database: Database, now: datetime) -> int:
        with database.reading() as session:
            return remove_orphans(session, now=now, storage=storage)

    return tick
