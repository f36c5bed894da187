"""Settings of the shop that are one row each: who sets one takes its turn, and looks at what stands before they write over it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.db import take_turn
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.rewards.models.cards import CardTerms
from portal.rewards.models.redeeming import RedemptionTerms

Said = TypeVar("Said")


def keep_terms(
    session: Session,
    actor: Actor,
    table: type[CardTerms | RedemptionTerms],
    wanted: Said,
    *,
    stands: Callable[[Session], Said],
    columns: Callable[[Said], Mapping[str, Any]],
    seen_as: Callable[[Said], dict[str, Any]],
    seen: str | None,
    now: datetime,
) -> Said | None:
    """Set the one row of ``table`` to ``wanted`` and return what stood before; None where that is what stands.

    ``columns`` are its values in the row, ``seen_as`` how a form showed it. Refuses: NotAllowed, ChangedMeanwhile.
    """
    if not actor.is_admin:
        raise NotAllowed()
    take_turn(session, table.__tablename__)
    session.expire_all()
    before = stands(session)
    if wanted == before:
        return None
    require_seen(seen_as(before), seen)
    maker: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {**columns(wanted), "changed_at": now, "changed_by_id": actor.id}
    session.execute(maker.insert(table).values(id=1, **values).on_conflict_do_update(index_elements=["id"], set_=values))
    session.expire_all()
    return before
