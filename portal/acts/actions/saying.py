"""Saying what one takes: a member of themself, an admin of a person or of a company."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.actions.loads import reckon_company, reckon_person
from portal.acts.actions.locking import locked_company, locked_person
from portal.acts.rules.asks import REASON_LENGTH, AskKind
from portal.acts.rules.budget import require_cap
from portal.acts.rules.refusals import CapInvalid, KindUnknown, PauseOver, ReasonNeeded
from portal.acts.rules.terms import Terms
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.kernel.text import clean
from portal.people.queries.companies import get_company
from portal.people.queries.persons import get_person

MOST_OWN = 50


def set_own_terms(session: Session, actor: Actor, *, terms: Terms, now: datetime, seen: str | None = None) -> None:
    """Keep how much, what and when a member wants to be asked; it holds at once, for every door.

    Refuses: NotAllowed who is no advocate, CapInvalid, KindUnknown, PauseOver, and what an admin changed since it was ``seen`` (ChangedMeanwhile).
    """
    if actor.id is None or not actor.is_advocate:
        raise NotAllowed()
    _set_person(session, actor, actor.id, terms, "", now, seen)


def set_person_terms(session: Session, actor: Actor, *, person_id: int, terms: Terms, reason: str, now: datetime, seen: str | None = None) -> None:
    """Write down what a person said about being asked. Admins only; refuses also ReasonNeeded and NotFound."""
    if not actor.is_admin:
        raise NotAllowed()
    _set_person(session, actor, get_person(session, person_id).id, terms, _why(reason), now, seen)


def set_company_terms(session: Session, actor: Actor, *, company_id: int, terms: Terms, reason: str, now: datetime, seen: str | None = None) -> None:
    """Set how many asks the people of a company take together, months off and a pause. Admins only; refuses as for a person."""
    if not actor.is_admin:
        raise NotAllowed()
    why = _why(reason)
    require_terms(terms)
    row = locked_company(session, get_company(session, company_id).id)
    before = seen_terms(row.terms)
    _keep(row, actor, terms, why, now, seen, programme_zone(session))
    session.flush()
    reckon_company(session, company_id, now)
    facts = {"before": before, "after": seen_terms(terms), "reason": why}
    record(session, actor, "company.goodwill_set", "company", company_id, now=now, **facts)


def seen_terms(terms: Terms) -> dict[str, Any]:
    """Return what the editor of terms shows."""
    paused = terms.paused_until.isoformat() if terms.paused_until else None
    months = sorted(terms.months_off)
    return {"most": terms.most, "days": terms.days, "unwanted": sorted(terms.unwanted), "months_off": months, "paused_until": paused}


def require_terms(terms: Terms, most: int | None = None) -> None:
    """Refuse numbers out of range, months that are none or all twelve (CapInvalid), and kinds that do not exist (KindUnknown)."""
    require_cap(terms.most, terms.days)
    if most is not None and terms.most is not None and terms.most > most:
        raise CapInvalid(least=0, most=most)
    if not set(terms.months_off) < set(range(1, 13)):
        refusal = CapInvalid(least=0, most=11)
        refusal.field = "months_off"
        raise refusal
    if not set(terms.unwanted) <= {kind.value for kind in AskKind}:
        raise KindUnknown()


def _set_person(session: Session, actor: Actor, person_id: int, terms: Terms, reason: str, now: datetime, seen: str | None) -> None:
    require_terms(terms, MOST_OWN if actor.id == person_id else None)
    row = locked_person(session, person_id)
    before = seen_terms(row.terms)
    _keep(row, actor, terms, reason, now, seen, programme_zone(session))
    session.flush()
    reckon_person(session, person_id, now)
    facts = {"before": before, "after": seen_terms(terms), "reason": reason}
    record(session, actor, "person.goodwill_set", "person", person_id, now=now, **facts)


def _keep(row: Any, actor: Actor, terms: Terms, reason: str, now: datetime, seen: str | None, zone: str) -> None:
    before = row.terms.paused_until
    if terms.paused_until not in (None, before) and terms.paused_until <= local_date(now, zone):
        raise PauseOver()
    if seen_terms(row.terms) != seen_terms(terms):
        require_seen(seen_terms(row.terms), seen)
    row.most, row.days, row.unwanted = terms.most, terms.days, terms.unwanted
    row.months_off, row.paused_until = tuple(str(month) for month in sorted(terms.months_off)), terms.paused_until
    row.reason, row.set_at, row.set_by_id = reason, now, actor.id


def _why(reason: str) -> str:
    why = clean(reason)[:REASON_LENGTH]
    if not why:
        raise ReasonNeeded()
    return why
