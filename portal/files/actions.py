"""Writing down files that were received, erasing them, and sweeping up what no row speaks of.

A file is on disk before its row is written (``receiving.py``), so a row never points at nothing. A unit
of work that refuses or is rolled back leaves a file without a row; ``remove_orphans`` removes it a day
later, when no unit that could still write its row is alive.
"""

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.files.models import StoredFile
from portal.files.queries import get_file
from portal.files.receiving import Received
from portal.files.storage import Storage
from portal.kernel.actor import Actor
from portal.kernel.db import after_commit

GRACE = timedelta(days=1)


def store_upload(session: Session, actor: Actor, *, received: Received, owner_id: int | None, now: datetime) -> StoredFile:
    """Write the row of a file that was received, and return it. The unit of work may run again with the same one."""
    row = StoredFile(**asdict(received), owner_id=owner_id, created_at=now)
    session.add(row)
    session.flush()
    facts = {"filename": row.filename, "media_type": row.media_type, "size": row.size, "purpose": row.purpose}
    audit.record(session, actor, "file.stored", "file", row.id, now=now, **facts)
    return row


def erase_file(session: Session, actor: Actor, *, file_id: int, now: datetime, storage: Storage) -> None:
    """Erase a file: its name now, its content once this unit of work is committed. The row stays, so that the count of files does not lie."""
    file = get_file(session, file_id)
    file.erased_at, file.filename = now, ""
    session.flush()
    audit.record(session, actor, "file.erased", "file", file.id, now=now)
    name = file.storage_name
    after_commit(session, lambda: storage.remove(name))


def remove_orphans(session: Session, *, now: datetime, storage: Storage) -> int:
    """Remove from disk what is older than a day and has no row, or an erased one. Returns how many files went."""
    kept = set(session.scalars(select(StoredFile.storage_name).where(StoredFile.erased_at.is_(None))))
    removed = 0
    for path in storage.older_than(now - GRACE):
        if path.name.split(".")[0] not in kept:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
