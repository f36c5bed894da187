"""Settings of goodwill: efforts from a moment on, and the programme's caps. Rows are added, never changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.actions.loads import RECOUNT
from portal.acts.models.asks import AskDefaults, AskEffort
from portal.acts.queries.settings import defaults_of, efforts_at
from portal.acts.rules.asks import MOST_EFFORT, AskKind
from portal.acts.rules.budget import Defaults, require_cap
from portal.acts.rules.refusals import CapInvalid
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import take_turn
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.notifications.actions import enqueue

MOST_ANSWER_DAYS = 180


def set_defaults(session: Session, actor: Actor, *, defaults: Defaults, now: datetime, seen: str | None = None) -> None:
    """Keep the caps that hold where nobody set others, and how long an ask waits. Refuses: NotAllowed, CapInvalid, ChangedMeanwhile.

    They hold for the next ask; ranks and filters of lists follow with a job.
    """
    if not actor.is_admin:
        raise NotAllowed()
    require_cap(defaults.person.most, defaults.person.days)
    require_cap(defaults.company.most, defaults.company.days)
    if not 1 <= defaults.answer_days <= MOST_ANSWER_DAYS:
        refusal = CapInvalid(least=1, most=MOST_ANSWER_DAYS)
        refusal.field = "answer_days"
        raise refusal
    take_turn(session, "goodwill:settings")
    before = seen_defaults(defaults_of(session))
    wanted = seen_defaults(defaults)
    if before == wanted:
        return
    require_seen(before, seen)
    session.add(AskDefaults(**wanted, set_by_id=actor.id, set_at=now))
    session.flush()
    record(session, actor, "goodwill.defaults_set", "goodwill", None, now=now, before=before, after=wanted)
    enqueue(session, topic=RECOUNT, payload={}, key=None, now=now)


def set_efforts(session: Session, actor: Actor, *, efforts: Mapping[AskKind, int], now: datetime, seen: str | None = None) -> int:
    """Keep the effort of kinds from now on, and return how many changed; every ask before keeps the one it was made with.

    Refuses: NotAllowed, CapInvalid (on the field of the kind), ChangedMeanwhile.
    """
    if not actor.is_admin:
        raise NotAllowed()
    for kind, effort in efforts.items():
        if not 0 <= effort <= MOST_EFFORT:
            refusal = CapInvalid(least=0, most=MOST_EFFORT)
            refusal.field = f"effort_{kind.value}"
            raise refusal
    take_turn(session, "goodwill:settings")
    before = efforts_at(session, now)
    changed = {kind: effort for kind, effort in efforts.items() if before[kind] != effort}
    if changed:
        require_seen(seen_efforts(before), seen)
        session.add_all(AskEffort(kind=kind.value, effort=effort, from_at=now, set_by_id=actor.id) for kind, effort in changed.items())
        session.flush()
        facts = {"before": {kind.value: before[kind] for kind in changed}, "after": {kind.value: effort for kind, effort in changed.items()}}
        record(session, actor, "goodwill.efforts_set", "goodwill", None, now=now, **facts)
    return len(changed)


def seen_defaults(defaults: Defaults) -> dict[str, int]:
    """Return what the editor of the caps shows."""
    person, company = defaults.person, defaults.company
    caps = {"person_most": person.most, "person_days": person.days, "company_most": company.most, "company_days": company.days}
    return caps | {"answer_days": defaults.answer_days}


def seen_efforts(efforts: Mapping[AskKind, int]) -> dict[str, Any]:
    """Return what the editor of efforts shows."""
    return {kind.value: effort for kind, effort in efforts.items()}
