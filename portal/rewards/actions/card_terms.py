"""From which balance on the provider of gift cards has too little left, as admins set it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.rewards.actions.terms import keep_terms
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
    asked: dict[str, Any] = {"stands": low_balance_of, "columns": lambda cents: {"low_cents": cents}, "seen_as": lambda cents: {"cents": cents}}
    before = keep_terms(session, actor, CardTerms, wanted, **asked, seen=seen, now=now)
    if before is not None:
        audit.record(session, actor, "reward.low_balance_set", "reward", None, now=now, before=before, after=wanted)
    return wanted
