"""Points, acts and badges for tests, through the real actions as rooms call them."""

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.actions.acts import record_act, reverse_act
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.ledger.queries.transfers import find_transfer
from portal.ledger.rules import Transfer
from portal.recognition.actions.badges import add_badge, publish_badge
from portal.recognition.actions.scores import award, reverse
from portal.recognition.models import Badge

_numbers = count(1)


def give_points(session: Session, person_id: int, points: int, *, at: datetime | None = None, **overrides: Any) -> Transfer:
    """Pay ``points`` to a person, effective ``at`` (now if not given)."""
    number, now = next(_numbers), utcnow()
    given = {"key": f"test:{number}", "reason": "test.paid", "source_type": "test", "source_id": number, "effective_at": at or now, "now": now}
    return award(session, system("test"), person_id=person_id, points=points, **(given | overrides))


def make_badge(session: Session, *, rule: str = "acts", is_live: bool = True, now: datetime | None = None, **overrides: Any) -> Badge:
    """Add a badge, by default for one act, and switch it on."""
    number, at = next(_numbers), now or utcnow()
    options = overrides.pop("options", {"number": 1} if rule == "acts" else {})
    given = {"name": f"Badge {number}", "how": "Do it.", "art": "leaf", "tone": "laurel"} | overrides
    made = add_badge(session, system("test"), rule=rule, options=options, now=at, **given)
    if is_live:
        publish_badge(session, system("test"), badge_id=made.id, now=at)
    return made


def do_act(
    session: Session,
    person_id: int,
    *,
    points: int = 50,
    track: str = "engage",
    at: datetime | None = None,
    now: datetime | None = None,
    kind: str = "test",
) -> int:
    """Pay for an act and record it, as rooms do; return its source id, by which ``undo_act`` finds it."""
    number, moment = next(_numbers), at or utcnow()
    if points:
        give_points(session, person_id, points, at=moment, now=now or moment, key=f"act:{number}", source_type="test", source_id=number)
    record_act(
        session,
        system("test"),
        person_id=person_id,
        company_id=None,
        kind=kind,
        track=track,
        source_type="test",
        source_id=number,
        points=points,
        happened_at=moment,
        now=now or moment,
    )
    return number


def undo_act(session: Session, number: int, *, now: datetime | None = None) -> None:
    """Take an act back with what it paid."""
    at = now or utcnow()
    paid = find_transfer(session, key=f"act:{number}")
    if paid is not None:
        reverse(session, system("test"), transfer_id=paid.id, key=f"act:{number}:back", reason="test.back", now=at)
    reverse_act(session, system("test"), source_type="test", source_id=number, now=at)
