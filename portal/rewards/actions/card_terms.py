"""From which balance on the provider of gift cards has too little left, as admins set it."""

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.db import take_turn
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.rewards.models.cards import CardTerms
from portal.rewards.queries.cards import low_balance_of
from portal.rewards.rules.cards import require_low_balance


def set_low_balance(session: Session, actor: Actor, *, cents: int | None, now: datetime, seen: str | None = None) -> int:
    """Say below how many hundredths of its currency the provider's balance is low; admins are told when it is asked for next.

    Refuses: NotAllowed, LowBalanceUnfit, and what changed since it was ``seen`` (ChangedMeanwhile).
    """
    if not actor.is_admin:
        raise NotAllowed()
    wanted = require_low_balance(cents)
    take_turn(session, "card_terms")
    session.expire_all()
    before = low_balance_of(session)
    if wanted == before:
        return wanted
    require_seen({"cents": before}, seen)
    maker = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"low_cents": wanted, "changed_at": now, "changed_by_id": actor.id}
    session.execute(maker.insert(CardTerms).values(id=1, **values).on_conflict_do_update(index_elements=["id"], set_=values))
    session.expire_all()
    audit.record(session, actor, "reward.low_balance_set", "reward", None, now=now, before=before, after=wanted)
    return wanted
