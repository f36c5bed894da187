"""What people promise to do after the answer: the mail with a link for a new password. And marks of sign-ins, forgotten in time."""

from datetime import datetime
from typing import Any

from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.people.actions.marks import forget_old_marks
from portal.people.actions.passwords import send_reset

MARK_SECONDS = 3600.0


def forget_marks(database: Database, now: datetime) -> int:
    """Remove marks of devices and addresses that are older than they are kept, some in each transaction; returns how many."""
    total = 0
    while gone := database.write(lambda session: forget_old_marks(session, now=now)):
        total += gone
    return total


def run_reset(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Find out who has the address and mail them; nobody waits for the answer, so nobody can measure it."""
    database.write(lambda session: send_reset(session, system("job"), email=payload["email"], ask=payload["ask"], now=now))
