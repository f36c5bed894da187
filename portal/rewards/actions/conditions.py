"""Conditions of rewards: what admins set, and what redeeming asks of them, whatever the door."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audience.actions.editing import make_audience
from portal.audience.queries.admission import is_admitted
from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.recognition.models import Level
from portal.rewards.actions.returns import forget_told, offered_again
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward, RewardAudience, RewardConditions
from portal.rewards.queries.catalogue import locked_reward
from portal.rewards.queries.conditions import asked_by, audience_of, buyer_of, get_conditions
from portal.rewards.rules.conditions import (
    Conditions,
    Period,
    Sale,
    own_objection,
    require_days,
    require_period,
    sale_objection,
    sale_of,
)
from portal.rewards.rules.kinds import RewardState
from portal.rewards.rules.refusals.editing import LevelUnknown
from portal.rewards.rules.refusals.offering import NotForThisPerson


def require_conditions(session: Session, reward: Reward, person_id: int, now: datetime) -> Conditions:
    """Return the reward's conditions, which the person meets now. Where a parcel goes, and the limit, are asked later.

    Refuses: NotForThisPerson, NotOnSaleYet, RewardNotOffered, SaleIsOver, LevelNeeded, CountryNotKnown, NotInCountry.
    """
    conditions, audience_id = asked_by(session, reward.id)
    if not is_admitted(session, person_id, audience_id, now):
        raise NotForThisPerson()
    refusal = sale_objection(reward.name, conditions, local_date(now, programme_zone(session)))
    if refusal is None and (conditions.need is not None or conditions.countries):
        buyer = buyer_of(session, person_id, now)
        refusal = own_objection(reward.name, conditions, buyer, ships=kind_of(reward.kind).needs_address)
    if refusal is not None:
        raise refusal
    return conditions


def set_conditions(
    session: Session,
    actor: Actor,
    *,
    reward_id: int,
    sale_from: date | None = None,
    sale_to: date | None = None,
    is_shown_before: bool = True,
    period: Period | str = Period.ONCE,
    level_id: int | None = None,
    countries: Sequence[str] = (),
    now: datetime,
    seen: str | None = None,
) -> Conditions:
    """Say what a reward asks for from now on; what was redeemed stays. ``countries`` are codes; none is every country. An address that is given
    later to what was redeemed has to be in one of them.

    Refuses: NotAllowed, SaleEndsBeforeItBegins, PeriodWithoutLimit, LevelUnknown, and what changed since it was ``seen`` (ChangedMeanwhile).
    """
    if not actor.is_admin:
        raise NotAllowed()
    require_days(sale_from, sale_to)
    reward = locked_reward(session, reward_id)
    require_period(Period(period), reward.limit_per_person)
    _require_level(session, level_id)
    before = seen_values(get_conditions(session, reward_id))
    new = {
        "sale_from": sale_from,
        "sale_to": sale_to,
        "is_shown_before": is_shown_before,
        "period": Period(period).value,
        "level_id": level_id,
        "countries": tuple(countries),
    }
    changed = {name: value for name, value in new.items() if before[name] != value}
    if changed:
        today = local_date(now, programme_zone(session))
        was_on = sale_of(get_conditions(session, reward_id), today) is Sale.ON
        require_seen(before, seen)
        session.merge(RewardConditions(reward_id=reward_id, **new))
        reward.changed_at = now
        session.flush()
        if not was_on and reward.state == RewardState.LIVE and sale_of(get_conditions(session, reward_id), today) is Sale.ON:
            offered_again(session, reward_id=reward_id, now=now)
        if "sale_from" in changed and sale_from is not None and sale_from > today:
            forget_told(session, reward_id=reward_id)
        audit.record(session, actor, "reward.conditions_changed", "reward", reward_id, now=now, changed=_plain(changed))
    return get_conditions(session, reward_id)


def seen_values(conditions: Conditions) -> dict[str, Any]:
    """Return what the editor shows of the conditions."""
    return {
        "sale_from": conditions.sale_from,
        "sale_to": conditions.sale_to,
        "is_shown_before": conditions.is_shown_before,
        "period": conditions.period.value,
        "level_id": conditions.need.level_id if conditions.need else None,
        "countries": conditions.countries,
    }


def open_audience(session: Session, actor: Actor, *, reward_id: int, now: datetime) -> int:
    """Return the id of the reward's audience, made on the first call; it means everybody until it has rules. Refuses: NotAllowed."""
    if not actor.is_admin:
        raise NotAllowed()
    locked_reward(session, reward_id)
    known = audience_of(session, reward_id)
    if known is not None:
        return known
    made = make_audience(session, actor, now=now)
    session.add(RewardAudience(reward_id=reward_id, audience_id=made.id))
    session.flush()
    return made.id


def _require_level(session: Session, level_id: int | None) -> None:
    """Keep the level from being removed until this unit of work ends. Refuses: LevelUnknown."""
    if level_id is not None and session.scalar(select(Level.id).where(Level.id == level_id).with_for_update(read=True)) is None:
        raise LevelUnknown()


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as the record keeps them."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
