"""What the worker does for the bank: once a day it notes the head of the seals where the database cannot reach it. Handed over in ``app.py``."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import Database, programme_zone
from portal.ledger.heads import NotedHead, is_noted, note_head
from portal.ledger.queries.sealed import head
from portal.notifications.actions import notify
from portal.notifications.rules import Recipient

HEAD_SECONDS = 900.0


def head_keeper(path: Path, address: str) -> Callable[[Database, datetime], NotedHead | None]:
    """Return the work that notes each day's head of the seals in the file ``path``, and sends it to ``address`` where one is given.

    The mail is promised first, once a day; a worker that is killed before the file is written writes it when it comes again.
    """

    def keep_head(database: Database, now: datetime) -> NotedHead | None:
        with database.reading() as session:
            end, day = head(session), local_date(now, programme_zone(session))
        if end.block_id == 0 or is_noted(path, day):
            return None
        noted = NotedHead(day, end.block_id, end.hash)
        if address:
            database.write(lambda session: _send(session, noted, address, now))
        note_head(path, noted)
        return noted

    return keep_head


def _send(session: Session, noted: NotedHead, address: str, now: datetime) -> None:
    to = Recipient(person_id=None, email=address, name="", language=None)
    asked_with = f"flask ledger verify --anchor {noted.hash}"
    data = {"day": noted.day.isoformat(), "block": noted.block_id, "hash": noted.hash, "command": asked_with}
    notify(session, to=to, kind="seals_noted", data=data, key=f"head:{noted.day}", now=now)
