"""Each movement of a stock is a row, written in the transaction that moves it; a change by hand counts once, however often its form is sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.rewards.models.redeeming import Redemption
from portal.rewards.models.stock import StockMovement
from portal.rewards.rules.refusals.stock import OtherChange
from portal.rewards.rules.stock import Why, back_key, taken_key


def note_movement(
    session: Session, by_id: int | None, *, why: Why, reward_id: int, variant_id: int | None = None, pieces: int, now: datetime, **more: Any
) -> None:
    """Note that ``pieces`` came onto a shelf, or left it. It is written with whatever the session writes next."""
    session.add(StockMovement(reward_id=reward_id, variant_id=variant_id, why=why.value, pieces=pieces, person_id=by_id, at=now, **more))


def note_taken(session: Session, by_id: int | None, redemption: Redemption, now: datetime) -> None:
    """Note that a redemption took its piece just now: for the first time, or after an undo that follows the hold it has."""
    _note_redeemed(session, by_id, redemption, Why.TAKEN, -1, taken_key(redemption.id, redemption.hold_id), now)


def note_back(session: Session, redemption: Redemption) -> None:
    """Note that a redemption gave its piece back; of one hold that is so once for ever."""
    assert redemption.released_at is not None
    _note_redeemed(session, redemption.released_by, redemption, Why.BACK, 1, back_key(redemption.id, redemption.hold_id), redemption.released_at)


def note_renewed(session: Session, redemption: Redemption, now: datetime) -> None:
    """Note that another code left the shelf for one that lapsed with the redemption."""
    _note_redeemed(session, None, redemption, Why.RENEWED, -1, None, now)


def is_counted(session: Session, actor: Actor, *, key: str | None, reward_id: int, variant_id: int | None = None, change: int) -> bool:
    """Tell whether the form with this ``key`` changed the stock already. Without a key it never did.

    The caller has the shelf locked, so that of two that are sent at once the second waits for the first. Refuses: OtherChange, where the form
    changed something else then.
    """
    columns = (StockMovement.reward_id, StockMovement.variant_id, StockMovement.pieces, StockMovement.person_id)
    before = session.execute(select(*columns).where(StockMovement.key == key)).first() if key else None
    if before is not None and tuple(before) != (reward_id, variant_id, change, actor.id):
        raise OtherChange()
    return before is not None


def note_change(
    session: Session, actor: Actor, *, why: Why, key: str | None, reward_id: int, variant_id: int | None = None, change: int, now: datetime
) -> None:
    """Note a change by hand. Refuses: OtherChange, where the form with this ``key`` is changing another shelf at this moment."""
    maker: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {"reward_id": reward_id, "variant_id": variant_id, "why": why.value, "pieces": change, "person_id": actor.id, "at": now, "key": key or None}
    made = maker.insert(StockMovement).values(**row).on_conflict_do_nothing(index_elements=["key"]).returning(StockMovement.id)
    if session.execute(made).first() is None:
        raise OtherChange()


def _note_redeemed(session: Session, by_id: int | None, redemption: Redemption, why: Why, pieces: int, key: str | None, now: datetime) -> None:
    about: dict[str, Any] = {"redemption_id": redemption.id, "key": key, "pieces": pieces, "now": now}
    note_movement(session, by_id, why=why, reward_id=redemption.reward_id, variant_id=redemption.variant_id, **about)
