"""What was asked outside the portal, by phone, mail or in person: written down, and counted as if it were asked here."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.actions.answering import lapse, require_minutes, write_outcome
from portal.acts.actions.keeping import company_of, keep, known_kind, lock_whole, made, require_staff, same_ask
from portal.acts.actions.loads import weigh
from portal.acts.models.asks import Ask
from portal.acts.queries.budget import budget_of
from portal.acts.rules.asks import NOTE_LENGTH, AskKind, AskState, Came, Channel
from portal.acts.rules.past import require_past
from portal.acts.rules.refusals import CannotBeAsked
from portal.audit.actions import record
from portal.kernel.actor import Actor, system
from portal.kernel.text import clean
from portal.people.queries.persons import get_person


def log_outside_ask(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    kind: AskKind | str,
    key: str,
    happened_at: datetime,
    now: datetime,
    channel: Channel | str = Channel.EMAIL,
    about: str = "",
    came: Came | str | None = None,
    minutes: int | None = None,
    note: str = "",
    asked_by_id: int | None = None,
) -> Ask:
    """Write down an ask that was made outside the portal, at ``happened_at``; ``came`` is what came of it by now, None where it is open.

    ``asked_by_id`` is the employee or admin who asked, None where nobody knows; who writes it down stands in the audit log.

    It happened, so no cap refuses it: it counts, weighs with the effort of that time, and stands in the monthly report. One that is
    still open waits for its answer as long as one that is asked now.
    Refuses: NotAllowed, KindUnknown, CannotBeAsked where it is no customer's person, MomentAhead, MomentTooOld, MinutesInvalid, KeyUsed.
    """
    require_staff(actor)
    wanted = known_kind(kind)
    require_minutes(minutes)
    require_past(happened_at, now)
    person = lock_whole(session, get_person(session, person_id))
    if (first := same_ask(session, key, person_id, wanted, is_outside=True, came=came)) is not None:
        return first
    if not person.is_advocate:
        raise CannotBeAsked(name=person.name)
    lapsed = lapse(session, system("job"), people=[person_id], companies=company_of(person), now=now)
    facts: dict[str, Any] = {"kind": wanted, "channel": channel, "about": about, "asked_at": happened_at, "asked_by_id": asked_by_id, "now": now}
    (ask,) = made(session, {key: budget_of(session, person_id, now)}, **facts, is_outside=True)
    keep(session, ask, is_open=came in (None, Came.ACCEPTED), is_accepted=came == Came.ACCEPTED)
    record(session, actor, "ask.logged", "ask", ask.id, now=now, kind=ask.kind, person_id=person_id, came=str(came or ""))
    if came is not None:
        write_outcome(session, actor, ask, Came(came), minutes=minutes, note=clean(note)[:NOTE_LENGTH], at=happened_at, now=now)
    weigh(session, [*lapsed, (ask, None, AskState(came) if came is not None else AskState.OPEN)], now)
    return ask
