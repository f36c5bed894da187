"""What an admin does to an audience: one act a rule, so that two admins at once never undo each other's."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audience.actions.locking import lock_audience, require_editor, touch
from portal.audience.kinds.contract import Options
from portal.audience.models import Audience, AudienceRule
from portal.audience.queries.audiences import get_audience, is_live, is_wanted, standing_rules
from portal.audience.registry import rule_kind
from portal.audience.rules import MAX_RULES, AudienceChanged, Mode, RuleGone, Side, TooManyRules
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.kernel.ids import new_key


def make_audience(session: Session, actor: Actor, *, now: datetime) -> Audience:
    """Make an audience that means everybody, for a room to point at. Refuses who may not edit."""
    require_editor(actor)
    modes = dict.fromkeys(("include_mode", "exclude_mode", "live_include_mode", "live_exclude_mode"), Mode.ANY)
    made = Audience(**modes, revision=0, stamp=new_key(), created_at=now, changed_at=now)
    session.add(made)
    session.flush()
    record(session, actor, "audience.made", "audience", made.id, now=now)
    return made


def copy_audience(session: Session, actor: Actor, *, audience_id: int, now: datetime) -> Audience:
    """Return a new audience with the rules that are wanted of another, live at once: for a thing that nobody sees yet."""
    original, made = get_audience(session, audience_id), make_audience(session, actor, now=now)
    made.include_mode = made.live_include_mode = original.include_mode
    made.exclude_mode = made.live_exclude_mode = original.exclude_mode
    for rule in standing_rules(session, audience_id):
        if is_wanted(rule):
            copied = {"side": rule.side, "kind": rule.kind, "options": dict(rule.options), "position": rule.position}
            session.add(AudienceRule(audience_id=made.id, **copied, created_at=now, live_at=now))
    session.flush()
    record(session, actor, "audience.copied", "audience", made.id, now=now, original_id=audience_id)
    return made


def add_rule(
    session: Session, actor: Actor, *, audience_id: int, side: Side, kind: str, given: Options, key: str, at_once: bool, now: datetime
) -> AudienceRule:
    """Add a rule at the end of a side. The same ``key`` a second time returns the first rule, removed or not.

    ``at_once`` puts it live with it, for things that nobody sees yet. Refuses more than 20 rules a
    side (``TooManyRules``), an unknown kind, and what the kind refuses.
    """
    audience = lock_audience(session, actor, audience_id)
    if first := session.scalar(select(AudienceRule).where(AudienceRule.made_by == key)):
        return _own(first, audience_id)
    options = rule_kind(session, kind).read(session, given)
    standing = standing_rules(session, audience_id)
    if sum(is_wanted(rule) and rule.side == side for rule in standing) >= MAX_RULES:
        raise TooManyRules(limit=MAX_RULES)
    last = session.scalar(select(func.max(AudienceRule.position)).where(AudienceRule.audience_id == audience_id)) or 0
    facts = {"side": Side(side).value, "kind": kind, "options": options}
    made = AudienceRule(audience_id=audience_id, **facts, position=last + 1, made_by=key, created_at=now)
    session.add(made)
    touch(session, audience, now)
    record(session, actor, "audience.rule_added", "audience", audience_id, now=now, **facts)
    _settle(session, audience, at_once, now)
    return made


def change_rule(
    session: Session, actor: Actor, *, audience_id: int, rule_id: int, given: Options, key: str, at_once: bool, now: datetime
) -> AudienceRule:
    """Put a rule with other options in the place of a rule. The same ``key`` a second time returns what the first made.

    Refuses a rule that somebody changed or removed in the meantime (``RuleGone``), and what the kind refuses.
    """
    audience = lock_audience(session, actor, audience_id)
    if first := session.scalar(select(AudienceRule).where(AudienceRule.made_by == key)):
        return _own(first, audience_id)
    rule = _wanted(session, audience_id, rule_id)
    kept = {"kept": rule.options.get("values", [])}
    options = rule_kind(session, rule.kind).read(session, {**given, **kept})
    if options == rule.options:
        return rule
    _take_out(rule, now)
    made = AudienceRule(audience_id=audience_id, side=rule.side, kind=rule.kind, options=options, position=rule.position)
    made.made_by, made.created_at = key, now
    session.add(made)
    touch(session, audience, now)
    facts = {"side": rule.side, "kind": rule.kind, "before": rule.options, "options": options}
    record(session, actor, "audience.rule_changed", "audience", audience_id, now=now, **facts)
    _settle(session, audience, at_once, now)
    return made


def remove_rule(session: Session, actor: Actor, *, audience_id: int, rule_id: int, at_once: bool, now: datetime) -> None:
    """Take a rule out. Refuses one that somebody changed or removed in the meantime (``RuleGone``)."""
    audience = lock_audience(session, actor, audience_id)
    rule = _wanted(session, audience_id, rule_id)
    _take_out(rule, now)
    touch(session, audience, now)
    record(session, actor, "audience.rule_removed", "audience", audience_id, now=now, side=rule.side, kind=rule.kind, options=rule.options)
    _settle(session, audience, at_once, now)


def set_mode(session: Session, actor: Actor, *, audience_id: int, side: Side, mode: Mode, at_once: bool, now: datetime) -> bool:
    """Let the rules of a side go together by any or by all; tells whether that changed anything."""
    audience = lock_audience(session, actor, audience_id)
    name = "include_mode" if side is Side.INCLUDE else "exclude_mode"
    if getattr(audience, name) == mode:
        return False
    setattr(audience, name, mode.value)
    touch(session, audience, now)
    record(session, actor, "audience.mode_changed", "audience", audience_id, now=now, side=side.value, mode=mode.value)
    _settle(session, audience, at_once, now)
    return True


def put_live(session: Session, actor: Actor, *, audience_id: int, revision: int, now: datetime) -> None:
    """Let everything that was edited count from now on, as a whole.

    Refuses (``AudienceChanged``) where somebody edited it after ``revision``, which the admin has
    seen: nobody puts live what they did not look at.
    """
    audience = lock_audience(session, actor, audience_id)
    if audience.revision != revision:
        raise AudienceChanged()
    _make_live(session, audience, now)
    record(session, actor, "audience.put_live", "audience", audience_id, now=now, revision=revision)


def drop_changes(session: Session, actor: Actor, *, audience_id: int, revision: int, now: datetime) -> None:
    """Go back to what is live. Refuses (``AudienceChanged``) where somebody edited it after ``revision``."""
    audience = lock_audience(session, actor, audience_id)
    if audience.revision != revision:
        raise AudienceChanged()
    for rule in standing_rules(session, audience_id):
        if is_live(rule):
            rule.removed_at = None
        else:
            rule.removed_at = rule.removed_at or now
            rule.ended_at = now
    audience.include_mode, audience.exclude_mode = audience.live_include_mode, audience.live_exclude_mode
    touch(session, audience, now)
    record(session, actor, "audience.changes_dropped", "audience", audience_id, now=now, revision=revision)


def _settle(session: Session, audience: Audience, at_once: bool, now: datetime) -> None:
    if at_once:
        _make_live(session, audience, now)


def _make_live(session: Session, audience: Audience, now: datetime) -> None:
    for rule in standing_rules(session, audience.id):
        if not is_wanted(rule):
            rule.ended_at = now
        elif rule.live_at is None:
            rule.live_at = now
    audience.live_include_mode, audience.live_exclude_mode = audience.include_mode, audience.exclude_mode
    audience.stamp = new_key()
    session.flush()


def _take_out(rule: AudienceRule, now: datetime) -> None:
    """Mark a rule as removed; one that never was live is over with it."""
    rule.removed_at = now
    if not is_live(rule):
        rule.ended_at = now


def _wanted(session: Session, audience_id: int, rule_id: int) -> AudienceRule:
    rule = session.get(AudienceRule, rule_id, populate_existing=True)
    if rule is None or rule.audience_id != audience_id:
        raise NotFound()
    if not is_wanted(rule):
        raise RuleGone()
    return rule


def _own(rule: AudienceRule, audience_id: int) -> AudienceRule:
    """A key of another audience's form is nobody's here."""
    if rule.audience_id != audience_id:
        raise NotFound()
    return rule
