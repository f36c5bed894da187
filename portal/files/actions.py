"""Taking files in, erasing them, and sweeping up what no row speaks of.

A file is on disk before its row is written, so a row never points at nothing. A unit of work
that is rolled back leaves a file without a row; ``remove_orphans`` removes it a day later.
"""

import hashlib
import mmap
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.files.models import StoredFile
from portal.files.queries import get_file
from portal.files.rules.images import rewrite
from portal.files.rules.inspection import inspect
from portal.files.rules.kinds import Family, Kind, Purpose, clean_filename, kind_for
from portal.files.storage import Storage, digest, new_name
from portal.kernel.actor import Actor
from portal.kernel.db import after_commit

GRACE = timedelta(days=1)


def store_upload(
    session: Session, actor: Actor, *, stream: IO[bytes], filename: str | None, purpose: str, owner_id: int | None, now: datetime, storage: Storage
) -> StoredFile:
    """Check a file by its content, keep it and return its row. Images are written anew, in several sizes.

    ``purpose`` ``document`` takes every kept kind, ``image`` and ``picture`` images only,
    ``import`` CSV, plain or gzipped. Refuses by name, see ``rules/refusals.py``.
    """
    shown, wanted = clean_filename(filename), Purpose(purpose)
    kind = kind_for(shown, wanted)
    # The whole unit of work may run again, after a deadlock; it must not find the upload empty.
    stream.seek(0)
    with storage.received(stream) as path:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            inspect(data, kind, PurePosixPath(shown).suffix.lower())
        row = StoredFile(filename=shown, media_type=kind.media_type, purpose=wanted.value, owner_id=owner_id, created_at=now, storage_name=new_name())
        if kind.family is Family.IMAGE:
            _keep_picture(row, path, kind, storage)
        else:
            row.size, row.sha256 = path.stat().st_size, digest(path)
            storage.keep(path, row.storage_name)
    session.add(row)
    session.flush()
    audit.record(
        session, actor, "file.stored", "file", row.id, now=now, filename=shown, media_type=row.media_type, size=row.size, purpose=wanted.value
    )
    return row


def _keep_picture(row: StoredFile, path: Path, kind: Kind, storage: Storage) -> None:
    with open(path, "rb") as stream:
        picture = rewrite(stream, kind)
    row.size, row.sha256 = len(picture.content), hashlib.sha256(picture.content).hexdigest()
    row.width, row.height = picture.width, picture.height
    storage.write(picture.content, row.storage_name)
    for size, content in picture.sizes.items():
        storage.write(content, row.storage_name, size)


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
