"""What people promise to do after the answer: the mail with a link for a new password."""

from datetime import datetime
from typing import Any

from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.people.actions.passwords import send_reset


def run_reset(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Find out who has the address and mail them; nobody waits for the answer, so nobody can measure it."""
    database.write(lambda session: send_reset(session, system("job"), email=payload["email"], ask=payload["ask"], now=now))
