"""What of the catalogue somebody may accept, as a condition, for lists that show a few of many."""

from decimal import Decimal

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlalchemy.orm import Session

from portal.receiving.queries.standing import Receiver, point_value
from portal.receiving.rules.accepting import Stance
from portal.receiving.rules.value import value_in_cents
from portal.rewards.models.offering import Reward
from portal.rewards.queries.worth import open_cents
from portal.rewards.rules.kinds import Kind


def acceptable(session: Session, receiver: Receiver) -> ColumnElement[bool]:
    """Return the condition that ``receiver`` may have a reward: what ``Receiver.objection`` says of each, but for a question that is open."""
    rule = receiver.rule
    if rule.stance is Stance.NOTHING:
        return false()
    caps = [] if rule.item_cents is None else [rule.item_cents]
    if rule.year_cents is not None:
        caps.append(rule.year_cents - receiver.cents - open_cents(session, receiver.person_id))
    worth = _worth_at_most(min(caps), point_value(session)) if caps else true()
    return and_(Reward.kind == Kind.DONATION, worth) if rule.stance is Stance.CHARITY else worth


def _worth_at_most(cents: int, value: Decimal) -> ColumnElement[bool]:
    price = most_price(cents, value)
    by_price = Reward.value_cents.is_(None) if price is None else and_(Reward.value_cents.is_(None), Reward.price <= price)
    return or_(Reward.value_cents <= cents, by_price)


def most_price(cents: int, value: Decimal) -> int | None:
    """Return the highest price in points that is worth at most ``cents``; None where points are worth nothing, so that every price is."""
    if value <= 0:
        return None if cents >= 0 else 0
    price = max(int((cents + Decimal("0.5")) / (value * 100)), 0)
    while price and value_in_cents(own=None, price=price, point_value=value) > cents:
        price -= 1
    return price
