"""Codes and cards for tests, through the real actions."""

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.rewards.actions.catalogue import publish_reward, set_options
from portal.rewards.actions.codes import ask_for_code, confirm_codes, import_codes, reveal_code
from portal.rewards.actions.redeeming import redeem
from portal.rewards.actions.review import approve_redemption
from portal.rewards.models.offering import Reward
from portal.vault.keys import Keys
from portal.vault.rules import Card, Fault, Read
from tests.factories.rewards import make_draft
from tests.support.application import VAULT_KEY

KEY, OTHER_KEY = VAULT_KEY, "B" * 42 + "A="
_numbers = count(1)


def listed(*codes: str) -> Read:
    """Return a list of codes as it was read from a file."""
    return Read([(line, Card(code)) for line, code in enumerate(codes, 2)], [])


def with_keys(session: Session, *keys: str) -> Session:
    """Let a session of a test know the keys of the vault, where no application told its database."""
    session.info.setdefault("vault_keys", Keys(lambda: keys or (KEY,)))
    return session


def make_vault_card(session: Session, *codes: str, low_at: int = 0, **overrides: Any) -> Reward:
    """Write and publish a gift card from the vault, with these codes in it."""
    actor, now = system("test"), utcnow()
    with_keys(session)
    draft = make_draft(session, **({"kind": "gift_card", "name": "€25 gift card"} | overrides))
    set_options(session, actor, reward_id=draft.id, given={"source": "vault", "low_at": str(low_at), "amount": "25", "currency": "USD"}, now=now)
    add_codes(session, draft.id, *codes)
    return publish_reward(session, actor, reward_id=draft.id, now=now)


def add_codes(session: Session, reward_id: int, *codes: str, by: Actor | None = None, now: datetime | None = None) -> int | None:
    """Import codes for a reward and confirm them; return the batch."""
    if not codes:
        return None
    actor, now = by or system("test"), now or utcnow()
    batch = import_codes(session, actor, reward_id=reward_id, filename="codes.csv", key=f"codes-{next(_numbers)}", read=listed(*codes), now=now)
    confirm_codes(session, actor, reward_id=reward_id, batch_id=batch.id, now=now)
    return batch.id


def tell_of_cards(session: Session, admin: Actor, member: Actor, now: datetime) -> tuple[int, int]:
    """Let a story have a gift card from the vault: one code ready to be looked at, one looked at and asked for again, an import that waits.

    Returns the redemption whose code is ready, and the import.
    """
    with_keys(session)
    draft = make_draft(session, kind="gift_card", name="Harbour café card", summary="Coffee for a week.", price=5, now=now)
    set_options(session, admin, reward_id=draft.id, given={"source": "vault", "amount": "5", "currency": "USD"}, now=now)
    batch_id = add_codes(session, draft.id, "STORY-CODE-1", "STORY-CODE-2", "STORY-CODE-3", by=admin, now=now)
    publish_reward(session, admin, reward_id=draft.id, now=now)
    made = [redeem(session, member, reward_id=draft.id, key=f"story-card-{number}", now=now).id for number in (1, 2)]
    for redemption_id in made:
        approve_redemption(session, admin, redemption_id=redemption_id, now=now)
    reveal_code(session, member, redemption_id=made[1], key="story-look", now=now)
    ask_for_code(session, member, redemption_id=made[1], now=now)
    read = Read([(2, Card("STORY-CODE-4"))], [(3, Fault.EMPTY)])
    import_codes(session, admin, reward_id=draft.id, filename="more.csv", key="story-codes", read=read, now=now)
    assert batch_id is not None
    return made[0], batch_id
