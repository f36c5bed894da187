"""Setting what holds for requests: points by what was done, and the clock."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.terms import TermsOf, keep_terms
from portal.kernel.actor import Actor
from portal.requests.models import RequestTerms
from portal.requests.queries.terms import terms_of
from portal.requests.rules.terms import Terms, require_terms


def set_terms(session: Session, actor: Actor, *, terms: Terms, seen: str | None = None, now: datetime) -> Terms:
    """Keep the terms from now on; what was paid stays. Refuses who is no admin, days out of order, and what changed since it was ``seen``."""
    return keep_terms(session, actor, KEPT, require_terms(terms), seen=seen, now=now)


def seen_values(terms: Terms) -> dict[str, object]:
    """Return what the editor shows of the terms."""
    days = {name: value for name, value in asdict(terms).items() if name != "points"}
    return days | {f"points_{name}": value for name, value in terms.points.items()}


KEPT = TermsOf(
    RequestTerms, terms_of, columns=asdict, shows=seen_values, facts=asdict,
    event="request.terms_changed", subject="reference_request", turn="request:terms",
)  # fmt: skip
