"""Points for tests, paid through recognition as rooms pay them."""

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.ledger.rules import Transfer
from portal.recognition.actions.scores import award

_numbers = count(1)


def give_points(session: Session, person_id: int, points: int, *, at: datetime | None = None, **overrides: Any) -> Transfer:
    """Pay ``points`` to a person, effective ``at`` (now if not given)."""
    number, now = next(_numbers), utcnow()
    given = {"key": f"test:{number}", "reason": "test.paid", "source_type": "test", "source_id": number, "effective_at": at or now, "now": now}
    return award(session, system("test"), person_id=person_id, points=points, **(given | overrides))
