"""Reading files, and who may."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.files.models import StoredFile
from portal.files.rules.images import Measures
from portal.files.rules.kinds import Purpose
from portal.kernel.actor import ADMIN, REVIEWER, Actor
from portal.kernel.errors import NotFound

FileAccess = Callable[[Session, Actor, StoredFile], bool]


def get_file(session: Session, file_id: int) -> StoredFile:
    """Return the file. Raises ``NotFound`` if there is none, or it was erased."""
    file = session.get(StoredFile, file_id)
    if file is None or file.erased_at is not None:
        raise NotFound()
    return file


def measures_of(session: Session, file_ids: Iterable[int | None]) -> dict[int, Measures]:
    """Return how large each of the pictures is, by its id, in one statement; what is no picture is left out."""
    ids = {file_id for file_id in file_ids if file_id is not None}
    if not ids:
        return {}
    columns = (StoredFile.id, StoredFile.width, StoredFile.height)
    found = session.execute(select(*columns).where(StoredFile.id.in_(ids), StoredFile.width.is_not(None)))
    return {row.id: Measures(row.width, row.height) for row in found}


def pictures_after(session: Session, file_id: int, limit: int) -> list[StoredFile]:
    """Return the next pictures in order of their ids, erased ones left out."""
    kept = select(StoredFile).where(StoredFile.id > file_id, StoredFile.width.is_not(None), StoredFile.erased_at.is_(None))
    return list(session.scalars(kept.order_by(StoredFile.id).limit(limit)))


def file_for(session: Session, actor: Actor, file_id: int, access: Mapping[str, FileAccess]) -> StoredFile:
    """Return the file if ``actor`` may read it: its owner, an admin, or whom ``access`` of its purpose lets in; pictures are for every member.

    Raises ``NotFound`` alike for a file that is not there and one that is not theirs.
    """
    file = get_file(session, file_id)
    own = actor.id is not None and file.owner_id == actor.id
    if own or actor.is_admin or file.purpose == Purpose.PICTURE:
        return file
    allows = access.get(file.purpose)
    if allows is None or not allows(session, actor, file):
        raise NotFound()
    return file


def name_for(file: StoredFile, actor: Actor) -> str:
    """Return the name under which ``actor`` saves a file: its own for the owner and who decides, a plain one for other members.

    A name may tell who somebody is that shows a nickname to the others.
    """
    if file.owner_id == actor.id or not actor.roles.isdisjoint({ADMIN, REVIEWER}):
        return file.filename
    return f"{file.purpose}-{file.id}{PurePosixPath(file.filename).suffix}"
