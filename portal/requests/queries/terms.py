"""What admins set about requests."""

from dataclasses import fields

from sqlalchemy.orm import Session

from portal.requests.models import RequestTerms
from portal.requests.rules.terms import Terms


def terms_of(session: Session) -> Terms:
    """Return the terms that stand; those of the house while nobody set any, and for what was not known when they were set."""
    row = session.get(RequestTerms, 1)
    if row is None:
        return Terms()
    kept = {field.name: getattr(row, field.name) for field in fields(Terms)}
    return Terms(**kept | {"points": {**Terms().points, **row.points}})
