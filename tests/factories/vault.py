"""Codes and cards for tests, through the real actions."""

from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.rewards.actions.catalogue import publish_reward, set_options
from portal.rewards.actions.codes import confirm_codes, import_codes
from portal.rewards.models import Reward
from portal.vault.keys import Keys
from portal.vault.rules import Card, Read
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
    set_options(session, actor, reward_id=draft.id, given={"source": "vault", "low_at": str(low_at)}, now=now)
    add_codes(session, draft.id, *codes)
    return publish_reward(session, actor, reward_id=draft.id, now=now)


def add_codes(session: Session, reward_id: int, *codes: str) -> int | None:
    """Import codes for a reward and confirm them; return the batch."""
    if not codes:
        return None
    actor, now = system("test"), utcnow()
    batch = import_codes(session, actor, reward_id=reward_id, name="codes.csv", key=f"codes-{next(_numbers)}", read=listed(*codes), now=now)
    confirm_codes(session, actor, reward_id=reward_id, batch_id=batch.id, now=now)
    return batch.id
