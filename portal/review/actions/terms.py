"""Setting the terms."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.review.models import ReviewTerms
from portal.review.queries.terms import terms_of
from portal.review.rules.terms import Terms, require_terms


def set_terms(session: Session, actor: Actor, *, terms: Terms, now: datetime) -> Terms:
    """Keep the terms from now on; what waits is due by them at once. Refuses who is no admin, and numbers out of range."""
    if not actor.is_admin:
        raise NotAllowed()
    wanted, before = require_terms(terms), terms_of(session)
    if wanted == before:
        return wanted
    row = session.get(ReviewTerms, 1) or ReviewTerms(id=1)
    row.days, row.holidays = dict(wanted.days), [day.isoformat() for day in wanted.holidays]
    row.four_eyes_above, row.changed_at, row.changed_by_id = wanted.four_eyes_above, now, actor.id
    session.add(row)
    session.flush()
    facts = {"before": _facts(before), "after": _facts(wanted)}
    record(session, actor, "review.terms_changed", "review", None, now=now, **facts)
    return wanted


def _facts(terms: Terms) -> dict[str, object]:
    return {"days": dict(terms.days), "holidays": len(terms.holidays), "four_eyes_above": terms.four_eyes_above}
