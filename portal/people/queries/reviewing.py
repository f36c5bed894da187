"""What somebody may review."""

from sqlalchemy.orm import Session

from portal.people.models import Reviewer
from portal.people.rules.reviewing import Grants


def grants_of(session: Session, person_id: int) -> Grants:
    """Return what the person may decide on as a reviewer; an admin may decide on everything besides."""
    row = session.get(Reviewer, person_id, populate_existing=True)
    return Grants(row.attempts, row.redemptions, row.nominations) if row else Grants()
