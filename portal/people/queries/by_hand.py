"""Which fields somebody changed by hand."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.models import HandEdit


def edited_by_hand(session: Session, subject: str, subject_id: int) -> frozenset[str]:
    """Return the fields of a company or person that were changed in the portal since an import wrote them."""
    found = select(HandEdit.field).where(HandEdit.subject_type == subject, HandEdit.subject_id == subject_id)
    return frozenset(session.scalars(found))


def wrote_themself(session: Session, subject: str, person_id: int, field: str) -> bool:
    """Tell whether a field of a person was written by themself last."""
    found = session.get(HandEdit, (subject, person_id, field), populate_existing=True)
    return found is not None and found.by_id == person_id
