"""Taking a file in, as far as that needs no database: read to disk, looked into, pictures written anew, kept under a new name.

This takes seconds, so it comes before the unit of work that writes the row (``actions.store_upload``).
"""

import hashlib
import mmap
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from portal.files.rules.images import rewrite
from portal.files.rules.inspection import inspect
from portal.files.rules.kinds import Family, Kind, Purpose, clean_filename, kind_for
from portal.files.storage import Storage, digest, new_name


@dataclass(frozen=True)
class Received:
    """A file that was accepted and lies on disk under ``storage_name``, without a row yet. ``width`` and ``height`` are a picture's."""

    storage_name: str
    filename: str
    media_type: str
    purpose: str
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None


def receive(stream: IO[bytes], filename: str | None, *, purpose: str, storage: Storage) -> Received:
    """Check a file by its content and keep it on disk. Images are written anew, in several sizes.

    ``purpose`` ``document`` takes every kept kind, ``image`` and ``picture`` images only,
    ``import`` CSV, plain or gzipped. Refuses by name, see ``rules/refusals.py``, and then nothing of it stays.
    """
    shown, wanted = clean_filename(filename), Purpose(purpose)
    kind = kind_for(shown, wanted)
    with storage.received(stream) as path:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            inspect(data, kind, PurePosixPath(shown).suffix.lower(), wanted)
        kept = _keep_picture(path, kind, storage) if kind.family is Family.IMAGE else _keep(path, storage)
    return Received(filename=shown, media_type=kind.media_type, purpose=wanted.value, **kept)


def _keep(path: Path, storage: Storage) -> dict[str, Any]:
    name, size, sha256 = new_name(), path.stat().st_size, digest(path)
    storage.keep(path, name)
    return {"storage_name": name, "size": size, "sha256": sha256}


def _keep_picture(path: Path, kind: Kind, storage: Storage) -> dict[str, Any]:
    name = new_name()
    with open(path, "rb") as stream:
        picture = rewrite(stream, kind)
    storage.write(picture.content, name)
    for size, content in picture.sizes.items():
        storage.write(content, name, size)
    sha256 = hashlib.sha256(picture.content).hexdigest()
    return {"storage_name": name, "size": len(picture.content), "sha256": sha256, "width": picture.width, "height": picture.height}
