"""Conditions of rewards, of one and of many: what is on sale, who sees it, who may have it, and how much of a limit is used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, String, and_, bindparam, case, not_, or_, select
from sqlalchemy.orm import Session

from portal.audience.models import Audience
from portal.audience.queries.admission import Stamps, admitted
from portal.kernel.clock import start_of_day
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.schema import BigId, UTCDateTime, holds
from portal.ledger.queries.balances import Balance, balance_of
from portal.receiving.queries.standing import Receiver, receiver_of
from portal.recognition.models import Level
from portal.rewards.kinds.registry import POSTED, kind_of
from portal.rewards.models.offering import Reward, RewardAudience, RewardConditions
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.variants import as_of
from portal.rewards.rules.conditions import (
    FREE,
    Buyer,
    Conditions,
    Need,
    Period,
    Sale,
    Shelf,
    first_day,
    next_day,
    own_objection,
    sale_objection,
    sale_of,
)
from portal.rewards.rules.kinds import UNIT, RewardState

_C = RewardConditions
_TODAY = bindparam("today", type_=Date)
_BEGAN = {period: bindparam(f"{period.value}_began", type_=UTCDateTime()) for period in Period if period is not Period.ONCE}
_MINE = select(Redemption.reward_id).where(Redemption.person_id == bindparam("person", type_=BigInteger))


def _with(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return Reward.id.in_(select(_C.reward_id).where(condition))


IS_SOON, IS_OVER = _with(_C.sale_from > _TODAY), _with(_C.sale_to < _TODAY)
IS_ON_SALE = not_(_with(or_(_C.sale_from > _TODAY, _C.sale_to < _TODAY)))
"""The condition that today is a day of sale, with the parameters of ``Shopper.values``, as all of these."""
_HIDDEN = or_(and_(_C.sale_from > _TODAY, not_(_C.is_shown_before)), and_(_C.sale_to < _TODAY, _C.reward_id.not_in(_MINE)))
_BARRED = select(RewardAudience.reward_id).where(RewardAudience.audience_id.not_in(bindparam("admitted", type_=BigId, expanding=True)))
IS_SHOWN = and_(not_(_with(_HIDDEN)), Reward.id.not_in(_BARRED))
"""The condition that a list shows a reward to the person: it is meant for them, and neither kept for later nor over, unless they redeemed it."""
_LEVEL_MISSING = select(_C.reward_id).join(Level, Level.id == _C.level_id).where(Level.threshold > bindparam("lifetime", type_=BigInteger))
_ELSEWHERE = _with(and_(_C.countries.is_not(None), not_(holds(_C.countries, bindparam("country", type_=String)))))  # type: ignore[arg-type]
MAY_HAVE = and_(IS_ON_SALE, Reward.id.not_in(_LEVEL_MISSING), or_(Reward.kind.in_(POSTED), not_(_ELSEWHERE)))
"""The condition that a reward is on sale, and the person has its level and is in one of its countries. Where parcels go is asked later."""
_BEGAN_NOW = case(*((_C.period == period.value, began) for period, began in _BEGAN.items()))
COUNTS_NOW = not_(select(_C.reward_id).where(_C.reward_id == Redemption.reward_id, Redemption.requested_at < _BEGAN_NOW).exists())
"""The condition that a redemption counts against its reward's limit now: for all time, or because it was asked for in the present period."""
_ALL = select(_C, Level.name, Level.threshold).outerjoin(Level, Level.id == _C.level_id)
_OF_THESE = _ALL.where(_C.reward_id.in_(bindparam("rewards", expanding=True)))
_OF_ONE = (
    select(_C, Level.name, Level.threshold, RewardAudience.audience_id)
    .select_from(Reward)
    .outerjoin(_C, _C.reward_id == Reward.id)
    .outerjoin(Level, Level.id == _C.level_id)
    .outerjoin(RewardAudience, RewardAudience.reward_id == Reward.id)
    .where(Reward.id == bindparam("reward", type_=BigInteger))
)
_STAMPS = (
    select(Audience.id, Audience.stamp)
    .join(RewardAudience, RewardAudience.audience_id == Audience.id)
    .join(Reward, Reward.id == RewardAudience.reward_id)
    .where(Reward.state == RewardState.LIVE)
)
NOWHERE = "-"
"""Stands for a country that we do not know."""


@dataclass(frozen=True)
class Shopper:
    """Somebody in the shop at one moment. ``values`` are the parameters of the conditions above.

    ``available`` is below zero where points are owed: a debt is paid before anything can be bought.
    """

    person_id: int
    available: int
    buyer: Buyer
    receiver: Receiver
    today: date
    values: Mapping[str, Any]

    def objection(self, reward: Reward, conditions: Conditions) -> Refusal | None:
        """Return why they cannot have the reward today, apart from its price, stock and limit; None where nothing stands against it."""
        return sale_objection(reward.name, conditions, self.today) or own_objection(
            reward.name, conditions, self.buyer, ships=kind_of(reward.kind).needs_address
        )


def shopper_of(session: Session, person_id: int, now: datetime, balance: Balance | None = None) -> Shopper:
    """Return a person as somebody in the shop: points, country, whose audiences admit them. A constant number of statements.

    ``balance`` is theirs, where it was read already.
    """
    balance, receiver = balance or balance_of(session, person_id, unit=UNIT), receiver_of(session, person_id, now)
    stamps: Stamps = session.execute(_STAMPS).all()  # type: ignore[assignment]
    values = values_at(session, now) | {"person": person_id, "available": balance.net, "lifetime": balance.lifetime}
    values |= {"country": receiver.country or NOWHERE, "admitted": sorted(admitted(session, person_id, stamps, now))}
    return Shopper(person_id, balance.net, Buyer(balance.lifetime, receiver.country), receiver, values["today"], values)


def buyer_of(session: Session, person_id: int, now: datetime) -> Buyer:
    """Return what conditions ask of a person."""
    return Buyer(balance_of(session, person_id, unit=UNIT).lifetime, receiver_of(session, person_id, now).country)


def values_at(session: Session, now: datetime) -> dict[str, Any]:
    """Return the parameters that tell the programme's day and when its month, quarter and year began."""
    values = as_of(session, now)
    return values | {name.key: _start(session, first_day(period, values["today"])) for period, name in _BEGAN.items()}


def span_of(session: Session, period: Period, today: date) -> tuple[datetime | None, datetime | None]:
    """Return the first moment of the period that holds ``today`` and the first after it, in the programme's zone; None twice for all time."""
    return _start(session, first_day(period, today)), _start(session, next_day(period, today))


def _start(session: Session, day: date | None) -> datetime | None:
    return start_of_day(day, programme_zone(session)) if day is not None else None


def conditions_of(session: Session, reward_ids: Sequence[int]) -> dict[int, Conditions]:
    """Return the conditions of those of ``reward_ids`` that have any, in one statement."""
    return {
        row[0].reward_id: _read(*row) for row in session.execute(_OF_THESE, {"rewards": reward_ids}, execution_options={"populate_existing": True})
    }


def get_conditions(session: Session, reward_id: int) -> Conditions:
    """Return the conditions of one reward, read anew."""
    return asked_by(session, reward_id)[0]


def asked_by(session: Session, reward_id: int) -> tuple[Conditions, int | None]:
    """Return the conditions of one reward and its audience (None: everybody), read anew in one statement."""
    row = session.execute(_OF_ONE, {"reward": reward_id}, execution_options={"populate_existing": True}).first()
    return (FREE, None) if row is None else (FREE if row[0] is None else _read(*row[:3]), row[3])


def _read(row: RewardConditions, name: str | None, threshold: int | None) -> Conditions:
    need = Need(row.level_id, name, threshold) if row.level_id is not None and name is not None and threshold is not None else None
    return Conditions(row.sale_from, row.sale_to, row.is_shown_before, Period(row.period), need, row.countries)


def audience_of(session: Session, reward_id: int) -> int | None:
    """Return a reward's audience, None where it is meant for everybody."""
    return session.scalar(select(RewardAudience.audience_id).where(RewardAudience.reward_id == reward_id))


def meant_for_others(session: Session, shopper: Shopper, reward_ids: Sequence[int]) -> set[int]:
    """Return those of ``reward_ids`` whose audience does not admit somebody in the shop, in one statement."""
    return set(session.scalars(_BARRED.where(RewardAudience.reward_id.in_(reward_ids)), shopper.values))


def opens_for(conditions: Conditions, today: date) -> bool:
    """Tell whether the page of a published reward opens: at once, or from its first day where it is not shown before. Over, it still does."""
    return conditions.is_shown_before or sale_of(conditions, today) is not Sale.SOON


def on_shelf(shelf: Shelf | str) -> ColumnElement[bool]:
    """Return the condition that a reward stands so for admins, with the parameter ``today``."""
    if shelf in (Shelf.DRAFT, Shelf.PAUSED):
        return Reward.state == (RewardState.DRAFT if shelf == Shelf.DRAFT else RewardState.RETIRED)
    at = {Shelf.SCHEDULED: and_(IS_SOON, not_(IS_OVER)), Shelf.ON_SALE: IS_ON_SALE, Shelf.OVER: IS_OVER}[Shelf(shelf)]
    return and_(Reward.state == RewardState.LIVE, at)


SHELF: ColumnElement[str] = case(*((on_shelf(shelf), shelf.value) for shelf in Shelf))
"""How a reward stands for admins, with the parameter ``today``."""


def level_use(session: Session, level_ids: Sequence[int]) -> tuple[int, str] | None:
    """Return one of the levels that a reward takes, with the reward's name, or None."""
    taken = select(_C.level_id, Reward.name).join(Reward, Reward.id == _C.reward_id).where(_C.level_id.in_(level_ids))
    row = session.execute(taken.order_by(Reward.id).limit(1)).first()
    return (row[0], row[1]) if row is not None and row[0] is not None else None
