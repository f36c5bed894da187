"""Short ways to call the verbs in tests of the safe: through the real actions, with keys and times filled in."""

import itertools
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.ledger.actions import accounts, adjusting, earning, holding
from portal.ledger.rules import Transfer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADMIN = Actor(id=900_000, roles=frozenset({"admin"}), origin="cli")
OWNER = 7
_numbers = itertools.count(1)


def new_key() -> str:
    """Return a key no other call has used."""
    return f"test:{next(_numbers)}"


def open_owner(session: Session, owner_id: int = OWNER, **more: Any) -> int:
    accounts.open_accounts(session, owner_id, **more)
    return owner_id


def award(session: Session, points: int, owner_id: int = OWNER, **more: Any) -> Transfer:
    facts = {"key": new_key(), "reason": "test.awarded", "source_type": "test", "source_id": 1, "effective_at": NOW, "now": NOW}
    return earning.award(session, ADMIN, owner_id=owner_id, points=points, **(facts | more))


def hold(session: Session, points: int, owner_id: int = OWNER, **more: Any) -> Transfer:
    facts = {"key": new_key(), "reason": "test.held", "source_type": "test", "source_id": 1, "now": NOW}
    return holding.hold(session, ADMIN, owner_id=owner_id, points=points, **(facts | more))


def release(session: Session, hold_id: int, **more: Any) -> Transfer:
    return holding.release(session, ADMIN, hold_id=hold_id, **({"key": new_key(), "reason": "test.released", "now": NOW} | more))


def capture(session: Session, hold_id: int, **more: Any) -> Transfer:
    return holding.capture(session, ADMIN, hold_id=hold_id, **({"key": new_key(), "reason": "test.captured", "now": NOW} | more))


def reverse(session: Session, transfer_id: int, **more: Any) -> Transfer:
    return earning.reverse(session, ADMIN, transfer_id=transfer_id, **({"key": new_key(), "reason": "test.reversed", "now": NOW} | more))


def adjust(session: Session, points: int, owner_id: int = OWNER, *, counts_as_earned: bool = False, **more: Any) -> Transfer:
    facts = {"key": new_key(), "reason": "test.adjusted", "now": NOW}
    return adjusting.adjust(session, ADMIN, owner_id=owner_id, points=points, counts_as_earned=counts_as_earned, **(facts | more))
