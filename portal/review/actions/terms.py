"""Setting the terms."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.terms import TermsOf, keep_terms
from portal.kernel.actor import Actor
from portal.review.models import ReviewTerms
from portal.review.queries.terms import terms_of
from portal.review.rules.terms import KINDS, Terms, require_terms


def set_terms(session: Session, actor: Actor, *, terms: Terms, now: datetime, seen: str | None = None) -> Terms:
    """Keep the terms from now on; what waits is due by them at once.

    Refuses who is no admin, numbers out of range, and what changed since
    it was ``seen`` (``ChangedMeanwhile``).
    """
    return keep_terms(session, actor, KEPT, require_terms(terms), seen=seen, now=now)


def seen_values(terms: Terms) -> dict[str, object]:
    """Return what the editor shows of the terms."""
    days = {kind: terms.days_for(kind) for kind in KINDS}
    return days | {"holidays": [day.isoformat() for day in terms.holidays], "four_eyes_above": terms.four_eyes_above}


def _facts(terms: Terms) -> dict[str, object]:
    return {"days": dict(terms.days), "holidays": len(terms.holidays), "four_eyes_above": terms.four_eyes_above}


def _columns(terms: Terms) -> dict[str, object]:
    days = [day.isoformat() for day in terms.holidays]
    return {"days": dict(terms.days), "holidays": days, "four_eyes_above": terms.four_eyes_above}


KEPT = TermsOf(
    ReviewTerms, terms_of, columns=_columns, shows=seen_values, facts=_facts, event="review.terms_changed", subject="review", turn="review:terms"
)
