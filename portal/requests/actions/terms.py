"""Setting what holds for requests: points by what was done, and the clock."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import take_turn
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.requests.models import RequestTerms
from portal.requests.queries.terms import terms_of
from portal.requests.rules.terms import Terms, require_terms

TURN = "request:terms"


def set_terms(session: Session, actor: Actor, *, terms: Terms, seen: str | None = None, now: datetime) -> Terms:
    """Keep the terms from now on; what was paid stays. Refuses who is no admin, days out of order, and what changed since it was ``seen``."""
    if not actor.is_admin:
        raise NotAllowed()
    wanted = require_terms(terms)
    take_turn(session, TURN)
    session.get(RequestTerms, 1, populate_existing=True)
    before = terms_of(session)
    if wanted == before:
        return wanted
    require_seen(seen_values(before), seen)
    row = session.get(RequestTerms, 1) or RequestTerms(id=1)
    for name, value in asdict(wanted).items():
        setattr(row, name, value)
    row.changed_at, row.changed_by_id = now, actor.id
    session.add(row)
    session.flush()
    record(session, actor, "request.terms_changed", "reference_request", None, now=now, before=asdict(before), after=asdict(wanted))
    return wanted


def seen_values(terms: Terms) -> dict[str, object]:
    """Return what the editor shows of the terms."""
    days = {name: value for name, value in asdict(terms).items() if name != "points"}
    return days | {f"points_{name}": value for name, value in terms.points.items()}
