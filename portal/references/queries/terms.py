"""What admins set about nominations."""

from dataclasses import fields

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.models import Person
from portal.references.models.terms import NominationRule, NominationTerms
from portal.references.rules.terms import Rule, Terms
from portal.web.paging import AnySelect


def terms_of(session: Session) -> Terms:
    """Return the terms that stand; those of the house while nobody set any."""
    row = session.get(NominationTerms, 1)
    return Terms(**{field.name: getattr(row, field.name) for field in fields(Terms)}) if row else Terms()


def standing_rules(session: Session) -> list[Rule]:
    """Return the rules that stand, the oldest first: they are asked in this order."""
    found = select(NominationRule).where(NominationRule.ended_at.is_(None)).order_by(NominationRule.id)
    return [Rule(r.id, r.name, r.least_agreed, r.needs_company, tuple(r.tiers), r.made_by_id) for r in session.scalars(found)]


def rules_with_makers(session: Session) -> list[tuple[NominationRule, str]]:
    """Return every rule, ended ones too, with the name of who set it, the newest first."""
    found: AnySelect = select(NominationRule, Person.name).join(Person, Person.id == NominationRule.made_by_id).order_by(NominationRule.id.desc())
    return [(rule, name) for rule, name in session.execute(found)]
