"""Approving by rule, at the moment of nominating: admins set the rules, and every decision says which rule took it."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.errors import Refusal
from portal.people.queries.companies import find_company_by_name
from portal.references.actions.decide import accept_nomination
from portal.references.models.nominating import Nomination, NominationDetail
from portal.references.queries.nominations import agreed_for, by_rule_today, nominators_of
from portal.references.queries.review import is_doubtful
from portal.references.queries.terms import standing_rules
from portal.references.rules.terms import Facts, approving


def approve_by_rule(session: Session, nomination: Nomination, now: datetime) -> bool:
    """Approve a nomination that waits if a rule does, and tell whether. What cannot be approved waits for people, as does what was sent in
    somebody else's name: they have not read it, and no record of theirs speaks for it.
    """
    rules = standing_rules(session)
    if not rules or nomination.colleague_id is not None:
        return False
    detail = session.get(NominationDetail, nomination.id)
    facts = Facts(
        nominators=frozenset(nominators_of(session, nomination.id)),
        agreed=agreed_for(session, nomination.nominator_id),
        is_company_known=find_company_by_name(session, nomination.company_name) is not None,
        tier=detail.tier if detail else None,
        is_doubtful=is_doubtful(session, nomination),
        by_rule=by_rule_today(session, nomination.nominator_id, now),
    )
    rule = approving(rules, facts)
    if rule is None:
        return False
    try:
        with session.begin_nested():
            accept_nomination(session, system("rule"), nomination_id=nomination.id, rule_id=rule.id, now=now)
    except Refusal:
        return False
    session.refresh(nomination)
    return True
