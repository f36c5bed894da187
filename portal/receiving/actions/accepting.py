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
from portal.people.queries.companies import get_company
from portal.people.queries.persons import get_person
from portal.receiving.models import CompanyAccepts, PersonAccepts
from portal.receiving.rules.accepting import Rule, Stance, require_why
from portal.receiving.rules.refusals import CountryUnknown, SetByAdmin


def answer(session: Session, actor: Actor, *, rule: Rule, now: datetime) -> PersonAccepts:
    """Keep what a member says holds for themself. Refuses: NotAllowed, SetByAdmin where an admin entered it.

    Two windows of one member may both be first; the later one stands.
    """
    if actor.id is None or not actor.is_advocate:
        raise NotAllowed()
    row: PersonAccepts = _row(session, PersonAccepts, "person_id", actor.id, now)
    if row.set_by_id not in (None, actor.id):
        raise SetByAdmin()
    _keep(session, actor, row, rule, "", now)
    audit.record(session, actor, "person.gifts_answered", "person", actor.id, now=now, stance=rule.stance.value)
    return row


def set_person_rule(session: Session, actor: Actor, *, person_id: int, rule: Rule, country: str, reason: str, now: datetime) -> PersonAccepts:
    """Enter what somebody may accept, and the country whose limits count for them (empty: found from parcels and the company).

    Refuses: NotAllowed, NotFound, WhyNeeded, CountryUnknown.
    """
    _require_admin(actor)
    why = require_why(reason)
    if country and country not in COUNTRIES:
        raise CountryUnknown()
    get_person(session, person_id)
    row: PersonAccepts = _row(session, PersonAccepts, "person_id", person_id, now)
    row.country = country
    _keep(session, actor, row, rule, why, now)
    audit.record(session, actor, "person.gifts_set", "person", person_id, now=now, stance=rule.stance.value, country=country, reason=why)
    return row


def set_company_rule(session: Session, actor: Actor, *, company_id: int, rule: Rule, reason: str, now: datetime) -> CompanyAccepts:
    """Enter what the people of a company may accept. Refuses: NotAllowed, NotFound, WhyNeeded."""
    _require_admin(actor)
    why = require_why(reason)
    get_company(session, company_id)
    row: CompanyAccepts = _row(session, CompanyAccepts, "company_id", company_id, now)
    _keep(session, actor, row, rule, why, now)
    audit.record(session, actor, "company.gifts_set", "company", company_id, now=now, stance=rule.stance.value, reason=why)
    return row


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


def _require_admin(actor: Actor) -> None:
    if not actor.is_admin:
        raise NotAllowed()
