"""Who may open what shows a consent, besides who uploaded it and admins."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.files.models import StoredFile
from portal.kernel.actor import Actor
from portal.profiles.models import ProfileProof
from portal.profiles.queries.profiles import owner_of
from portal.profiles.rules.seeing import may_change


def may_open_proof(session: Session, actor: Actor, file: StoredFile) -> bool:
    """Let who may change the profile open it."""
    person_id = session.scalar(select(ProfileProof.person_id).where(ProfileProof.file_id == file.id).limit(1))
    return person_id is not None and may_change(actor, owner_of(session, person_id))
