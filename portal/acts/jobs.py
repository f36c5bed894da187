"""What workers do of asks: let those lapse that nobody answered in time, and rank people anew when the programme's caps changed."""

from datetime import datetime
from typing import Any

from portal.acts.actions.answering import expire_due
from portal.acts.actions.loads import RECOUNT, reckon_some
from portal.acts.models.asks import AskLoad, CompanyAskLoad
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.notifications.jobs import Handler

EVERY_SECONDS = 600.0


def expire_asks(database: Database, now: datetime) -> int:
    """Let open asks lapse whose time is over, some in each transaction, and return how many. It may run twice: once is what counts."""
    total = 0
    while gone := database.write(lambda session: expire_due(session, system("job"), now=now)):
        total += gone
    return total


def run_recount(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Reckon how everybody stands whom something weighs on, some in each transaction. It may run twice: once is what counts."""
    for table in (AskLoad, CompanyAskLoad):
        last: int | None = 0
        while last is not None:
            last = database.write(lambda session, table=table, last=last: reckon_some(session, table, last or 0, now))  # type: ignore[misc]


JOBS: dict[str, Handler] = {RECOUNT: run_recount}
