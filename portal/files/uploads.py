"""What doors with a file field call, before their unit of work."""

from flask import current_app
from werkzeug.datastructures import FileStorage

from portal.files.receiving import Received, receive
from portal.files.storage import Storage
from portal.web.transaction import let_go


def storage() -> Storage:
    """Return where this application keeps its files."""
    found: Storage = current_app.extensions["storage"]
    return found


def take_in(upload: FileStorage | None, purpose: str) -> Received | None:
    """Receive what came with a form's file field, or return None if nothing came. For the ``first`` of ``@writes``: holds no connection.

    The view stores it with ``files.actions.store_upload``. Refuses by name what is not accepted.
    """
    if not upload or not upload.filename:
        return None
    let_go()
    return receive(upload.stream, upload.filename, purpose=purpose, storage=storage())


def look_at(upload: FileStorage | None, purpose: str) -> Received | None:
    """Judge a file as ``take_in`` does and keep nothing of it: for trying out what would be accepted."""
    received = take_in(upload, purpose)
    if received is not None:
        storage().remove(received.storage_name)
    return received
