"""Setting the terms of nominations, and the rules that approve by themselves."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.audit.terms import TermsOf, keep_terms
from portal.kernel.actor import Actor
from portal.kernel.db import take_turn
from portal.kernel.errors import NotAllowed, NotFound
from portal.references.models.terms import NominationRule, NominationTerms
from portal.references.queries.terms import terms_of
from portal.references.rules.terms import MOST_RULES, Terms, TooManyRules, require_rule, require_terms

TURN = "nomination:terms"


def set_terms(session: Session, actor: Actor, *, terms: Terms, seen: str | None = None, now: datetime) -> Terms:
    """Keep the terms from now on. Refuses who is no admin, days out of order, and what changed since it was ``seen``."""
    return keep_terms(session, actor, KEPT, require_terms(terms), seen=seen, now=now)


def seen_values(terms: Terms) -> dict[str, object]:
    """Return what the editor shows of the terms."""
    return dict(asdict(terms))


KEPT = TermsOf(
    NominationTerms, terms_of, columns=asdict, shows=seen_values, facts=asdict,
    event="nomination.terms_changed", subject="nomination", turn=TURN,
)  # fmt: skip


def add_rule(
    session: Session, actor: Actor, *, name: str, least_agreed: int = 0, needs_company: bool = False, tiers: tuple[int, ...] = (), now: datetime
) -> NominationRule:
    """Let a rule approve what is nominated from now on. Refuses who is no admin, a rule without a condition, and the fifty-first."""
    if not actor.is_admin or actor.id is None:
        raise NotAllowed()
    require_rule(least_agreed, needs_company)
    take_turn(session, TURN)
    if (session.scalar(select(func.count()).where(NominationRule.ended_at.is_(None))) or 0) >= MOST_RULES:
        raise TooManyRules(most=MOST_RULES)
    facts = {"name": name, "least_agreed": least_agreed, "needs_company": needs_company, "tiers": sorted(set(tiers))}
    rule = NominationRule(**facts, made_at=now, made_by_id=actor.id)
    session.add(rule)
    session.flush()
    record(
        session,
        actor,
        "nomination.rule_added",
        "nomination",
        None,
        now=now,
        rule_id=rule.id,
        called=name,
        least_agreed=least_agreed,
        tiers=sorted(set(tiers)),
    )
    return rule


def end_rule(session: Session, actor: Actor, *, rule_id: int, now: datetime) -> None:
    """Let a rule approve nothing more; what it approved stays. Refuses who is no admin; once it has ended, nothing happens."""
    if not actor.is_admin:
        raise NotAllowed()
    rule = session.get(NominationRule, rule_id)
    if rule is None:
        raise NotFound()
    standing = update(NominationRule).where(NominationRule.id == rule_id, NominationRule.ended_at.is_(None))
    if session.execute(standing.values(ended_at=now, ended_by_id=actor.id).execution_options(synchronize_session="fetch")).rowcount:  # type: ignore[attr-defined]
        record(session, actor, "nomination.rule_ended", "nomination", None, now=now, rule_id=rule_id, called=rule.name)
