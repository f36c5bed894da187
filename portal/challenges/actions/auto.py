"""Rules that approve by themselves: made, switched, removed by admins; run by the worker."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.locking import lock_submission
from portal.challenges.actions.review import approve_attempt
from portal.challenges.models.deciding import AutoRule, Verdict
from portal.challenges.models.taking import Attempt
from portal.challenges.queries.auto import covered, get_rule
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules.auto import MOST_RULES, RuleTerms, TooManyRules, covers, require_rule
from portal.challenges.stages.registry import KINDS, NEED_PERSON
from portal.kernel.actor import Actor, system
from portal.kernel.errors import NotAllowed, Refusal


def make_rule(session: Session, actor: Actor, *, terms: RuleTerms, now: datetime) -> AutoRule:
    """Make a rule, switched off. Refuses who is no admin, no name, numbers out of range, kinds that a person always decides, and more than fifty."""
    _require_admin(actor)
    wanted = require_rule(terms, KINDS, NEED_PERSON)
    if wanted.challenge_id is not None:
        get_challenge(session, wanted.challenge_id)
    if (session.scalar(select(func.count()).select_from(AutoRule).where(AutoRule.removed_at.is_(None))) or 0) >= MOST_RULES:
        raise TooManyRules(most=MOST_RULES)
    rule = AutoRule(**(asdict(wanted) | {"kinds": list(wanted.kinds)}), is_on=False, made_at=now, made_by_id=actor.id)
    session.add(rule)
    session.flush()
    record(session, actor, "rule.made", "rule", rule.id, now=now, terms=asdict(wanted))
    return rule


def switch_rule(session: Session, actor: Actor, *, rule_id: int, is_on: bool, now: datetime) -> None:
    """Switch a rule on or off; what it approved stays. The same again changes nothing."""
    _require_admin(actor)
    get_rule(session, rule_id)
    switched = update(AutoRule).where(AutoRule.id == rule_id, AutoRule.removed_at.is_(None), AutoRule.is_on.is_not(is_on)).values(is_on=is_on)
    if session.execute(switched).rowcount:  # type: ignore[attr-defined]
        name = "rule.switched_on" if is_on else "rule.switched_off"
        record(session, actor, name, "rule", rule_id, now=now)


def remove_rule(session: Session, actor: Actor, *, rule_id: int, now: datetime) -> None:
    """Remove a rule; verdicts go on naming it."""
    _require_admin(actor)
    get_rule(session, rule_id)
    removed = update(AutoRule).where(AutoRule.id == rule_id, AutoRule.removed_at.is_(None)).values(removed_at=now, is_on=False)
    if session.execute(removed).rowcount:  # type: ignore[attr-defined]
        record(session, actor, "rule.removed", "rule", rule_id, now=now)


def approve_by_rule(session: Session, *, rule_id: int, attempt_id: int, now: datetime) -> Verdict | None:
    """Approve one answer in the portal's name, if the rule is on and still covers it; None otherwise. Once, however many workers try."""
    submission_id = session.scalar(select(Attempt.submission_id).where(Attempt.id == attempt_id))
    if submission_id is None:
        return None
    lock_submission(session, submission_id)
    rule = session.get(AutoRule, rule_id, populate_existing=True)
    if rule is None or not rule.is_on or session.scalar(covered(session, rule, now).where(Attempt.id == attempt_id)) is None:
        return None
    attempt = session.get_one(Attempt, attempt_id, populate_existing=True)
    if not covers(rule.kinds, (entry["kind"] for entry in attempt.answers), NEED_PERSON):
        return None
    try:
        return approve_attempt(session, system("job"), attempt_id=attempt_id, rule_id=rule_id, now=now)
    except Refusal:
        return None


def _require_admin(actor: Actor) -> None:
    if not actor.is_admin:
        raise NotAllowed()
