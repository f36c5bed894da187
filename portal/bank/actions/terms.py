"""Setting the terms on which points are earned, and telling whose points expire."""

from datetime import date, datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.bank.rules.terms import require_terms
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.db import programme_zone, take_turn
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.ledger.actions.policies import set_policy
from portal.ledger.lots import PolicyKind
from portal.ledger.models import lapse_notice
from portal.ledger.queries.lots import lapsing_on
from portal.ledger.queries.policies import SetPolicy, list_policies
from portal.ledger.rules import POINTS
from portal.notifications.actions import notify
from portal.people.queries.persons import recipients


def set_terms(
    session: Session,
    actor: Actor,
    *,
    kind: PolicyKind,
    months: int | None,
    pending_days: int,
    from_on: date | None = None,
    now: datetime,
    seen: str | None = None,
) -> bool:
    """Let points earned from the beginning of ``from_on`` (from now without it) expire and wait by these terms. Tells whether anything changed.

    What was earned before keeps its terms; terms that were to begin later are replaced. Refuses: NotAllowed, MonthsNeeded, DaysOutOfRange,
    InThePast, and what changed since it was ``seen`` (``ChangedMeanwhile``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    zone = programme_zone(session)
    months = require_terms(kind, months, pending_days, from_on, local_date(now, zone))
    from_at = max(start_of_day(from_on, zone), now) if from_on else now
    take_turn(session, "bank:terms")
    last = last_set(session)
    before = (last.kind, last.months, last.pending_days) if last else (PolicyKind.NONE, None, 0)
    if before == (kind, months, pending_days) and (last is None or last.from_at <= now or last.from_at == from_at):
        return False
    require_seen(seen_values(last), seen)
    set_policy(session, actor, kind=kind, months=months, pending_days=pending_days, from_at=from_at, now=now)
    facts = {"kind": kind.value, "months": months, "pending_days": pending_days, "from": from_at.isoformat()}
    told = {"kind": before[0].value, "months": before[1], "pending_days": before[2]}
    audit.record(session, actor, "points.terms_changed", "bank", None, now=now, before=told, after=facts)
    return True


def last_set(session: Session) -> SetPolicy | None:
    """Return the terms that were set last, begun or not, or None."""
    return next(iter(list_policies(session, most=1)), None)


def seen_values(last: SetPolicy | None) -> dict[str, int | None]:
    """Return what the editor shows of the terms: which were set last."""
    return {"last": last.id if last else None}


def tell_of_expiry(session: Session, *, owner_id: int, on: date, step: int, now: datetime) -> bool:
    """Tell an owner, once for this day and step, what expires after ``on``; tells whether this call did. More points later are not told again.

    Nobody is told of points that are spent by now. Somebody who is gone or never joined is told nothing, and not asked for again.
    """
    points = lapsing_on(session, owner_id, on)
    if not points:
        return False
    maker = postgresql if session.connection().dialect.name == "postgresql" else sqlite
    row = {"owner_id": owner_id, "unit": POINTS, "expires_on": on, "step": step, "points": points, "told_at": now}
    claimed = maker.insert(lapse_notice).values(**row).on_conflict_do_nothing().returning(lapse_notice.c.step)
    to = recipients(session, [owner_id], joined=True).get(owner_id)
    if session.execute(claimed).first() is None or to is None:
        return False
    data = {"points": points, "on": on.isoformat(), "step": step}
    notify(session, to=to, kind="points_expiring", data=data, key=f"expiry:{on}:{step}", now=now, link="/statement")
    return True
