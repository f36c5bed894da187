"""Taking files in, erasing them, sweeping up."""

import hashlib
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.files.actions import erase_file, remove_orphans, store_upload
from portal.files.models import StoredFile
from portal.files.queries import get_file
from portal.files.receiving import receive
from portal.files.rules.refusals import FileRefused
from portal.files.storage import Storage
from portal.kernel.actor import Actor
from portal.kernel.db import Database
from portal.kernel.errors import NotFound
from tests.files import samples

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA = Actor(id=7, roles=frozenset({"advocate"}), origin="127.0.0.1")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "files", limit_mb=1)


class Deadlock(Exception):
    """What PostgreSQL says to the one it chose."""

    sqlstate = "40P01"


def upload(session: Session, storage: Storage, name: str, content: bytes, purpose: str = "document") -> StoredFile:
    received = receive(io.BytesIO(content), name, purpose=purpose, storage=storage)
    return store_upload(session, ADA, received=received, owner_id=7, now=NOW)


def files_in(storage: Storage) -> list[Path]:
    return [path for path in storage.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("case", samples.GOOD)
def test_a_good_file_is_kept(session: Session, storage: Storage, case: str) -> None:
    name, content, media_type = samples.GOOD[case]
    file = upload(session, storage, name, content)
    kept = storage.path(file.storage_name).read_bytes()
    assert (file.filename, file.media_type, file.owner_id, file.created_at) == (name, media_type, 7, NOW)
    assert (file.size, file.sha256) == (len(kept), hashlib.sha256(kept).hexdigest())
    assert file.is_image is media_type.startswith("image/")
    if not file.is_image:
        assert kept == content


@pytest.mark.parametrize("case", samples.EVIL)
def test_an_evil_file_is_refused_by_name_and_nothing_of_it_stays(session: Session, storage: Storage, case: str) -> None:
    name, content, refusal = samples.EVIL[case]
    with pytest.raises(FileRefused) as refused:
        upload(session, storage, name, content)
    assert refused.value.name == refusal
    assert str(refused.value)
    assert files_in(storage) == []
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 0


def test_an_import_takes_gzip(session: Session, storage: Storage) -> None:
    assert upload(session, storage, "rows.csv.gz", b"\x1f\x8b\x08\0rows", "import").media_type == "application/gzip"


def test_a_picture_is_kept_in_all_sizes_under_a_name_nobody_can_guess(session: Session, storage: Storage) -> None:
    first = upload(session, storage, "reward.png", samples.picture(), "picture")
    second = upload(session, storage, "reward.png", samples.picture(), "picture")
    assert first.storage_name != second.storage_name
    assert all("reward" not in path.name for path in files_in(storage))
    assert all(storage.path(first.storage_name, size).exists() for size in ("small", "medium", "large"))
    assert (first.width, first.height) == (40, 30)


def test_storing_is_audited(session: Session, storage: Storage) -> None:
    file = upload(session, storage, "rows.csv", b"a,b\n1,2\n")
    event = session.scalars(select(AuditEvent)).one()
    assert (event.name, event.subject_id, event.actor_id, event.data["filename"]) == ("file.stored", file.id, 7, "rows.csv")


def test_an_erased_file_is_gone_from_disk_once_that_is_committed(database: Database, storage: Storage) -> None:
    file = database.write(lambda s: upload(s, storage, "photo.png", samples.picture()))

    def fail(session: Session) -> None:
        erase_file(session, ADA, file_id=file.id, now=NOW, storage=storage)
        raise NotFound()

    with pytest.raises(NotFound):
        database.write(fail)
    assert storage.path(file.storage_name).exists()
    database.write(lambda s: erase_file(s, ADA, file_id=file.id, now=NOW, storage=storage))
    assert files_in(storage) == []
    with database.reading() as session, pytest.raises(NotFound):
        get_file(session, file.id)


def test_what_no_row_speaks_of_is_removed_after_a_day(database: Database, storage: Storage) -> None:
    kept = database.write(lambda s: upload(s, storage, "photo.png", samples.picture()))

    def fail(session: Session) -> None:
        upload(session, storage, "lost.png", samples.picture())
        raise NotFound()

    with pytest.raises(NotFound):
        database.write(fail)
    (storage.root / "incoming" / ("a" * 32)).write_bytes(b"half an upload")
    not_ours = [storage.root / "holiday.jpg", storage.root / "ab" / "cd" / "letter.pdf", storage.root / "incoming" / "README"]
    for path in not_ours:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"somebody else's")
    assert len(files_in(storage)) == 12
    stamp = NOW.timestamp()
    for path in files_in(storage):
        os.utime(path, (stamp, stamp))
    with database.reading() as session:
        assert remove_orphans(session, now=NOW + timedelta(hours=23), storage=storage) == 0
        assert remove_orphans(session, now=NOW + timedelta(hours=25), storage=storage) == 5
    assert {path.name.split(".")[0] for path in files_in(storage) if path not in not_ours} == {kept.storage_name}
    assert all(path.exists() for path in not_ours)


def test_what_was_received_is_kept_when_its_unit_of_work_runs_again(database: Database, storage: Storage) -> None:
    received, tries = receive(io.BytesIO(samples.picture()), "photo.png", purpose="document", storage=storage), []

    def work(session: Session) -> StoredFile:
        tries.append(store_upload(session, ADA, received=received, owner_id=7, now=NOW))
        if len(tries) == 1:
            raise OperationalError("", None, Deadlock())
        return tries[-1]

    file = database.write(work)
    assert len(tries) == 2
    with database.reading() as session:
        assert session.scalars(select(StoredFile.storage_name)).all() == [file.storage_name]
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == 1
    assert {path.name.split(".")[0] for path in files_in(storage)} == {file.storage_name}
