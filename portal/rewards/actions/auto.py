"""Approving without a person, where admins allow it: at once when it is asked for, or when the rest after a change is over."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor, system
from portal.kernel.errors import NotAllowed
from portal.rewards.actions.fulfilling import hand_over_at_once
from portal.rewards.actions.moving import move, tell_person
from portal.rewards.actions.terms import keep_terms
from portal.rewards.models.redeeming import Redemption, RedemptionPause, RedemptionTerms
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.worth import auto_terms_of, looked_at
from portal.rewards.rules.auto import Against, AutoTerms, require_terms
from portal.rewards.rules.states import Move, State


def set_auto_terms(session: Session, actor: Actor, *, terms: AutoTerms, now: datetime, seen: str | None = None) -> AutoTerms:
    """Say what the rule approves by itself from now on; what waits already is left to people.

    Refuses: NotAllowed, LimitUnfit, CountUnfit, and what changed since it was ``seen`` (ChangedMeanwhile).
    """
    if not actor.is_admin:
        raise NotAllowed()
    wanted = require_terms(terms)
    before = keep_terms(session, actor, RedemptionTerms, wanted, stands=auto_terms_of, columns=asdict, seen_as=asdict, seen=seen, now=now)
    if before is not None:
        facts = {"before": [before.most_cents, before.received], "after": [wanted.most_cents, wanted.received]}
        audit.record(session, actor, "reward.terms_changed", "reward", None, now=now, **facts)
    return wanted


def approve_by_rule(session: Session, redemption: Redemption, now: datetime) -> bool:
    """Approve what the rule covers, as the portal itself, and tell whether it did. What only the rest after a change speaks against is put aside."""
    if auto_terms_of(session).most_cents is None or redemption.state != State.REQUESTED:
        return False
    looked = looked_at(session, redemption, get_reward(session, redemption.reward_id), now)
    if looked.against == [Against.RESTS] and looked.rests_until is not None:
        session.merge(RedemptionPause(redemption_id=redemption.id, until=looked.rests_until))
        session.flush()
    if looked.against:
        return False
    rule = system("rule")
    moved, _ = move(session, rule, redemption.id, Move.APPROVE, now=now)
    audit.record(session, rule, "redemption.approved_by_rule", "redemption", redemption.id, now=now)
    if not hand_over_at_once(session, rule, moved, now):
        tell_person(session, moved, "redemption_approved", now)
    return True


def approve_rested(session: Session, *, redemption_id: int, now: datetime) -> bool:
    """Let the rule look again at what it put aside, once; tells whether it approved. Somebody may have decided meanwhile."""
    redemption = session.scalars(
        select(Redemption).where(Redemption.id == redemption_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one()
    gone = delete(RedemptionPause).where(RedemptionPause.redemption_id == redemption_id, RedemptionPause.until <= now)
    found = session.execute(gone.returning(RedemptionPause.redemption_id).execution_options(synchronize_session=False)).first()
    return found is not None and approve_by_rule(session, redemption, now)
