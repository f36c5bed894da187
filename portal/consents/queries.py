"""Reads of consents."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.consents.models import Consent

MOST_SHOWN = 200


def consents_of(session: Session, person_id: int) -> Sequence[Consent]:
    """Return what a person agreed to, the newest first, withdrawn ones too; the last 200."""
    return session.scalars(select(Consent).where(Consent.person_id == person_id).order_by(Consent.id.desc()).limit(MOST_SHOWN)).all()
