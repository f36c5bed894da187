"""The bytes of an upload: all of them for the worker, the head for a page, which must answer at once."""

from sqlalchemy.orm import Session

from portal.files.queries import get_file
from portal.files.storage import Storage
from portal.imports.models import ImportBatch
from portal.imports.rules.records import UNSTARTED
from portal.imports.rules.refusals import NotReady
from portal.imports.rules.tables import Table, read_head


def content_of(session: Session, batch: ImportBatch, storage: Storage) -> bytes:
    """Return the bytes of the upload."""
    assert batch.file_id is not None
    return storage.path(get_file(session, batch.file_id).storage_name).read_bytes()


def head_of(session: Session, batch: ImportBatch, storage: Storage) -> Table:
    """Return the first rows of an upload that was not started yet; refuses (``NotReady``) another."""
    if batch.file_id is None or batch.state not in UNSTARTED:
        raise NotReady()
    with storage.path(get_file(session, batch.file_id).storage_name).open("rb") as file:
        return read_head(file)
