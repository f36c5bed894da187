"""Saying what somebody may accept: a member's own answer, and what admins enter about a person or a company."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.countries import COUNTRIES
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.people.queries.companies import get_company
from portal.people.queries.persons import get_person
from portal.receiving.models import CompanyAccepts, PersonAccepts
from portal.receiving.rules.accepting import Rule, Stance, require_why
from portal.receiving.rules.refusals import CountryUnknown, OwnReceiving, SetByAdmin


def answer(session: Session, actor: Actor, *, rule: Rule, now: datetime) -> PersonAccepts:
    """Keep what a member says holds for themself. Refuses: NotAllowed, SetByAdmin where an admin entered it.

    Two windows of one member may both be first; the later one stands.
    """
    if actor.id is None or not actor.is_advocate:
        raise NotAllowed()
    row: PersonAccepts = _row(session, PersonAccepts, "person_id", actor.id, now)
    if row.is_admins:
        raise SetByAdmin()
    before = _facts(row)
    _keep(session, actor, row, rule, "", now)
    facts = {"before": before, "after": _facts(row)}
    audit.record(session, actor, "person.gifts_answered", "person", actor.id, now=now, stance=rule.stance.value, **facts)
    return row


def set_person_rule(
    session: Session, actor: Actor, *, person_id: int, rule: Rule, country: str, reason: str, now: datetime, seen: str | None = None
) -> PersonAccepts:
    """Enter what somebody may accept, and the country whose limits count for them (empty: found from parcels and the company).

    Where the rule is left as it is only the country is entered, and an answer of the person stays theirs.
    Refuses: NotAllowed, OwnReceiving, NotFound, WhyNeeded, CountryUnknown, and what changed since it was ``seen`` (ChangedMeanwhile).
    """
    require_another(actor, person_id)
    why = require_why(reason)
    if country and country not in COUNTRIES:
        raise CountryUnknown()
    get_person(session, person_id)
    row: PersonAccepts = _row(session, PersonAccepts, "person_id", person_id, now)
    before = _facts(row)
    if (row.rule, row.country) != (rule, country):
        require_seen(before, seen)
    row.country = country
    if rule != row.rule or row.set_by_id != person_id:
        _keep(session, actor, row, rule, why, now)
    session.flush()
    facts = {"stance": rule.stance.value, "country": country, "reason": why, "before": before, "after": _facts(row)}
    audit.record(session, actor, "person.gifts_set", "person", person_id, now=now, **facts)
    return row


def set_company_rule(
    session: Session, actor: Actor, *, company_id: int, rule: Rule, reason: str, now: datetime, seen: str | None = None
) -> CompanyAccepts:
    """Enter what the people of a company may accept. Refuses: NotAllowed, OwnReceiving, NotFound, WhyNeeded, ChangedMeanwhile."""
    if not actor.is_admin:
        raise NotAllowed()
    why = require_why(reason)
    get_company(session, company_id)
    if actor.id is not None and get_person(session, actor.id).company_id == company_id:
        raise OwnReceiving()
    row: CompanyAccepts = _row(session, CompanyAccepts, "company_id", company_id, now)
    before = _facts(row)
    if row.rule != rule:
        require_seen(before, seen)
    _keep(session, actor, row, rule, why, now)
    facts = {"stance": rule.stance.value, "reason": why, "before": before, "after": _facts(row)}
    audit.record(session, actor, "company.gifts_set", "company", company_id, now=now, **facts)
    return row


def seen_values(row: PersonAccepts | CompanyAccepts | None, *, of_person: bool) -> dict[str, Any]:
    """Return what the editor of a rule shows, where nobody has entered anything too."""
    nothing = {"stance": Stance.UNKNOWN.value, "item_cents": None, "year_cents": None} | ({"country": ""} if of_person else {})
    return _facts(row) if row is not None else nothing


def _row(session: Session, table: Any, key: str, its_id: int, now: datetime) -> Any:
    """Return the row, made where there is none, and locked: of two who write at once the later one sees what the earlier wrote."""
    maker: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    empty = {key: its_id, "stance": Stance.UNKNOWN.value, "reason": "", "set_at": now} | ({"country": ""} if table is PersonAccepts else {})
    session.execute(maker.insert(table).values(**empty).on_conflict_do_nothing(index_elements=[key]))
    return session.scalars(select(table).where(getattr(table, key) == its_id).with_for_update().execution_options(populate_existing=True)).one()


def _keep(session: Session, actor: Actor, row: Any, rule: Rule, reason: str, now: datetime) -> None:
    row.stance, row.item_cents, row.year_cents = rule.stance.value, rule.item_cents, rule.year_cents
    row.reason, row.set_by_id, row.set_at = reason, actor.id, now
    session.flush()


def _facts(row: Any) -> dict[str, Any]:
    """Return what the record keeps of a rule."""
    facts = {"stance": row.stance, "item_cents": row.item_cents, "year_cents": row.year_cents}
    return facts | ({"country": row.country} if isinstance(row, PersonAccepts) else {})


def require_another(actor: Actor, person_id: int) -> None:
    """Refuses who is no admin (NotAllowed), and an admin about themself (OwnReceiving)."""
    if not actor.is_admin:
        raise NotAllowed()
    if actor.id == person_id:
        raise OwnReceiving()
