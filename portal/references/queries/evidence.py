"""Who may open the evidence of a nomination, besides who uploaded it and admins."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.files.models import StoredFile
from portal.kernel.actor import Actor
from portal.references.models.nominating import Nomination, NominationDetail


def may_open_evidence(session: Session, actor: Actor, file: StoredFile) -> bool:
    """Let who decides on nominations open it, and the colleague in whose name it was sent."""
    found = select(Nomination.colleague_id).join(NominationDetail, NominationDetail.nomination_id == Nomination.id)
    row = session.execute(found.where(NominationDetail.evidence_id == file.id).limit(1)).one_or_none()
    return row is not None and (actor.may_decide("nomination") or (actor.id is not None and row.colleague_id == actor.id))
