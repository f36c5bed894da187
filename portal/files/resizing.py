"""Making the smaller sizes of pictures that lack one: kept before there was that size, or brought back without it."""

from portal.files.models import StoredFile
from portal.files.rules.images import sizes_of
from portal.files.rules.kinds import SIZES
from portal.files.storage import Storage


def make_sizes(file: StoredFile, storage: Storage) -> int:
    """Make what sizes of a picture are missing, and return how many were; none where the picture itself is not there.

    Raises OSError for one that is damaged. A size is written whole or not at all, so this may be stopped and run again.
    """
    missing = [size for size in SIZES if not storage.path(file.storage_name, size).exists()]
    whole = storage.path(file.storage_name)
    if not missing or not whole.exists():
        return 0
    with open(whole, "rb") as stream:
        made = sizes_of(stream, file.media_type.removeprefix("image/").upper())
    for size in missing:
        storage.write(made[size], file.storage_name, size)
    return len(missing)
