"""Setting the terms."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import take_turn
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.review.models import ReviewTerms
from portal.review.queries.terms import terms_of
from portal.review.rules.terms import KINDS, Terms, require_terms


def set_terms(session: Session, actor: Actor, *, terms: Terms, now: datetime, seen: str | None = None) -> Terms:
    """Keep the terms from now on; what waits is due by them at once.

    Refuses who is no admin, numbers out of range, and what changed since
    it was ``seen`` (``ChangedMeanwhile``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    wanted = require_terms(terms)
    take_turn(session, "review:terms")
    session.get(ReviewTerms, 1, populate_existing=True)
    before = terms_of(session)
    if wanted == before:
        return wanted
    require_seen(seen_values(before), seen)
    row = session.get(ReviewTerms, 1) or ReviewTerms(id=1)
    row.days, row.holidays = dict(wanted.days), [day.isoformat() for day in wanted.holidays]
    row.four_eyes_above, row.changed_at, row.changed_by_id = wanted.four_eyes_above, now, actor.id
    session.add(row)
    session.flush()
    facts = {"before": _facts(before), "after": _facts(wanted)}
    record(session, actor, "review.terms_changed", "review", None, now=now, **facts)
    return wanted


def seen_values(terms: Terms) -> dict[str, object]:
    """Return what the editor shows of the terms."""
    days = {kind: terms.days_for(kind) for kind in KINDS}
    return days | {"holidays": [day.isoformat() for day in terms.holidays], "four_eyes_above": terms.four_eyes_above}


def _facts(terms: Terms) -> dict[str, object]:
    return {"days": dict(terms.days), "holidays": len(terms.holidays), "four_eyes_above": terms.four_eyes_above}
