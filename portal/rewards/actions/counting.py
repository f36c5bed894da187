"""A change of a stock by hand counts once, however often its form is sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.rewards.models.stock import StockChange
from portal.rewards.rules.refusals.stock import OtherChange


def is_counted(session: Session, actor: Actor, *, key: str | None, reward_id: int, variant_id: int | None = None, change: int, now: datetime) -> bool:
    """Tell whether the form with this ``key`` changed the stock already; note that it does now where it did not. Without a key it never did.

    Of two that are sent at once the second waits for the first. Refuses: OtherChange, where the form changed something else then.
    """
    if not key:
        return False
    maker: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {"key": key, "reward_id": reward_id, "variant_id": variant_id, "change": change, "person_id": actor.id, "at": now}
    made = maker.insert(StockChange).values(**row).on_conflict_do_nothing(index_elements=["key"]).returning(StockChange.id)
    if session.execute(made).first() is not None:
        return False
    columns = (StockChange.reward_id, StockChange.variant_id, StockChange.change, StockChange.person_id)
    before = session.execute(select(*columns).where(StockChange.key == key)).one()
    if tuple(before) != (reward_id, variant_id, change, actor.id):
        raise OtherChange()
    return True
