"""What comes of an ask: answered, taken back, done, or left to lapse. Whoever takes the row of the open ask decides; the others are told."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import require_not_held
from portal.acts.actions.loads import Change, weigh
from portal.acts.models.asks import Ask, AskOutcome, OpenAsk
from portal.acts.queries.asks import outcomes_of
from portal.acts.rooms import rooms_that_ask
from portal.acts.rules.asks import ASK_KIND_NAMES, ASK_STATE_NAMES, MOST_MINUTES, NOTE_LENGTH, AskKind, AskState, Came, after, state_of
from portal.acts.rules.refusals import (
    AlreadyAnswered,
    AskLapsed,
    AskUnknown,
    MinutesInvalid,
    NotThisOutcome,
    NotYours,
    SaidYesMeanwhile,
    SettledElsewhere,
)
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.kernel.text import clean
from portal.notifications.actions import notify
from portal.people.queries.persons import get_person, recipient

LAPSE_AT_ONCE = 100
Source = tuple[str, int]
"""What asks: the type and id of the row."""


def answer_ask(
    session: Session,
    actor: Actor,
    *,
    ask_id: int,
    is_yes: bool,
    reason: str = "",
    source: Source | None = None,
    seen: str | None = None,
    is_told: bool = True,
    now: datetime,
) -> Ask:
    """Say yes or no to an ask: the person themself, or staff who write down what they were told. The same answer twice is one;
    with other words it is settled already, so that those are not lost unsaid.

    A no frees the slot. Who said yes may still say no. What a room asks for, whose type stands in ``ASK_PAGES`` (``app.py``), only that room
    settles, by its ``source``. ``is_told`` lets who asked be told here; a room that tells them itself says False.
    ``seen`` is how it stood on the page of a no.
    Refuses: AskUnknown, NotYours, AlreadyAnswered, AskLapsed, SettledElsewhere; HeldBack for a yes of their own while a block stands;
    SaidYesMeanwhile where the page of a no knew of no yes.
    """
    ask = get_ask(session, ask_id)
    _require_source(session, ask, source)
    if actor.id != ask.person_id and not (actor.is_employee or actor.is_admin):
        raise AskUnknown() if actor.is_advocate else NotYours()
    if is_yes and actor.id == ask.person_id:
        require_not_held(session, ask.person_id, now)
    known = None if is_yes else seen
    return _settle(session, actor, ask, Came.ACCEPTED if is_yes else Came.DECLINED, note=reason, seen=known, is_told=is_told, now=now)


def withdraw_ask(session: Session, actor: Actor, *, ask_id: int, reason: str = "", source: Source | None = None, now: datetime) -> Ask:
    """Take an ask back, which frees the slot: who asked, and admins. Refuses: AskUnknown, NotAllowed, AlreadyAnswered, SettledElsewhere."""
    ask = get_ask(session, ask_id)
    _require_source(session, ask, source)
    if not actor.is_admin and (not actor.is_employee or actor.id != ask.asked_by_id):
        raise NotAllowed()
    return _settle(session, actor, ask, Came.WITHDRAWN, note=reason, now=now)


def finish_ask(
    session: Session,
    actor: Actor,
    *,
    ask_id: int,
    was_done: bool,
    minutes: int | None = None,
    note: str = "",
    source: Source | None = None,
    now: datetime,
) -> Ask:
    """Write down that what was asked for was done, in so many minutes, or did not happen. Staff only.

    Refuses: AskUnknown, NotAllowed, AlreadyAnswered, MinutesInvalid, SettledElsewhere.
    """
    came, ask = _done_or_missed(session, actor, ask_id, was_done, minutes, source)
    return _settle(session, actor, ask, came, minutes=minutes, note=note, now=now)


def correct_ask(
    session: Session,
    actor: Actor,
    *,
    ask_id: int,
    was_done: bool,
    minutes: int | None = None,
    note: str = "",
    source: Source | None = None,
    now: datetime,
) -> Ask:
    """Put right whether what was asked for was done, after one or the other was written down; what it weighs follows. The same twice is one.

    Staff only. Whoever calls this holds the row of the room that asked. Refuses: AskUnknown, NotAllowed, MinutesInvalid, SettledElsewhere, and
    ``NotThisOutcome`` where neither was written down.
    """
    came, ask = _done_or_missed(session, actor, ask_id, was_done, minutes, source)
    said = outcomes_of(session, ask.id)
    before = state_of(said)
    if before == came.value:
        return ask
    if before not in (AskState.COMPLETED, AskState.MISSED):
        raise NotThisOutcome(state=ASK_STATE_NAMES[before])
    nth = sum(one in (Came.COMPLETED, Came.MISSED) for one in said)
    write_outcome(session, actor, ask, came, minutes=minutes, note=note, nth=nth, at=now, now=now)
    weigh(session, [(ask, before, after(before, came))], now)
    return ask


def settle_outside_ask(session: Session, actor: Actor, *, ask_id: int, came: Came, minutes: int | None = None, note: str = "", now: datetime) -> Ask:
    """Write down what came of an ask that was made outside the portal and is not settled yet, as another system says. Nobody is told.

    Refuses: AskUnknown, NotAllowed, SettledElsewhere where the portal asked, AlreadyAnswered, AskLapsed, MinutesInvalid, NotThisOutcome.
    """
    if not (actor.is_employee or actor.is_admin):
        raise NotAllowed()
    require_minutes(minutes)
    ask = get_ask(session, ask_id)
    if not ask.is_outside:
        raise SettledElsewhere()
    return _settle(session, actor, ask, came, minutes=minutes, note=note, is_told=False, now=now)


def expire_due(session: Session, actor: Actor, *, people: Sequence[int] = (), now: datetime) -> int:
    """Let some open asks lapse whose time is over, of ``people`` where given; returns how many. Twice is once."""
    lapsed = lapse(session, actor, people=people, now=now)
    weigh(session, lapsed, now)
    return len(lapsed)


def lapse(
    session: Session, actor: Actor, *, people: Sequence[int] = (), companies: Sequence[int] = (), source: tuple[str, int] | None = None, now: datetime
) -> list[Change]:
    """Let some open asks lapse whose time is over, those first whose time was over first, and return them: whoever calls this weighs them.

    Of ``people``, ``companies`` and a ``source`` where given, else of all. Asking does this itself. What it leaves for the job holds no slot
    either: whoever counts knows that its time is over.
    """
    due = select(OpenAsk).where(OpenAsk.is_accepted.is_(False), OpenAsk.expires_at <= now)
    whose: list[ColumnElement[bool]] = [OpenAsk.person_id.in_(people)] if people else []
    whose += [OpenAsk.company_id.in_(companies)] if companies else []
    whose += [and_(OpenAsk.source_type == source[0], OpenAsk.source_id == source[1])] if source else []
    found = due.where(or_(*whose)) if whose else due
    some = found.order_by(OpenAsk.expires_at, OpenAsk.ask_id).limit(LAPSE_AT_ONCE).with_for_update().execution_options(populate_existing=True)
    rows = session.scalars(some).all()
    asks = {ask.id: ask for ask in session.scalars(select(Ask).where(Ask.id.in_([row.ask_id for row in rows])))} if rows else {}
    for row in rows:
        session.delete(row)
        write_outcome(session, actor, asks[row.ask_id], Came.EXPIRED, at=row.expires_at, now=now)
    return [(ask, AskState.OPEN, AskState.EXPIRED) for ask in asks.values()]


def get_ask(session: Session, ask_id: int) -> Ask:
    """Return the ask; refuses ``AskUnknown``."""
    ask = session.get(Ask, ask_id)
    if ask is None:
        raise AskUnknown()
    return ask


def write_outcome(
    session: Session, actor: Actor, ask: Ask, came: Came, *, minutes: int | None = None, note: str = "", nth: int = 0, at: datetime, now: datetime
) -> None:
    """Write one outcome, and what the record says of it. Whoever calls this holds the open ask, or has just made the ask; or puts it right."""
    session.add(AskOutcome(ask_id=ask.id, came=came.value, minutes=minutes, note=clean(note)[:NOTE_LENGTH], by_id=actor.id, at=at, nth=nth))
    session.flush()
    record(session, actor, f"ask.{came.value}", "ask", ask.id, now=now, kind=ask.kind, person_id=ask.person_id)


def require_minutes(minutes: int | None) -> None:
    """Refuses minutes that nobody spends on one thing (``MinutesInvalid``)."""
    if minutes is not None and not 0 <= minutes <= MOST_MINUTES:
        raise MinutesInvalid(most=MOST_MINUTES)


def _done_or_missed(session: Session, actor: Actor, ask_id: int, was_done: bool, minutes: int | None, source: Source | None) -> tuple[Came, Ask]:
    """Return what staff write down, and of which ask. Refuses: NotAllowed, MinutesInvalid, AskUnknown, SettledElsewhere."""
    if not (actor.is_employee or actor.is_admin):
        raise NotAllowed()
    require_minutes(minutes)
    ask = get_ask(session, ask_id)
    _require_source(session, ask, source)
    return Came.COMPLETED if was_done else Came.MISSED, ask


def _require_source(session: Session, ask: Ask, source: Source | None) -> None:
    if ask.source_type in rooms_that_ask(session) and source != (ask.source_type, ask.source_id):
        raise SettledElsewhere()


def _settle(
    session: Session,
    actor: Actor,
    ask: Ask,
    came: Came,
    *,
    minutes: int | None = None,
    note: str = "",
    seen: str | None = None,
    is_told: bool = True,
    now: datetime,
) -> Ask:
    """Take the open ask's row and write what came of it, once."""
    taken = select(OpenAsk).where(OpenAsk.ask_id == ask.id).with_for_update().execution_options(populate_existing=True)
    row = session.scalar(taken)
    before = state_of(outcomes_of(session, ask.id))
    if before == came.value and _is_said(session, ask.id, came, clean(note)):
        return ask
    if row is None or before == came.value:
        raise AlreadyAnswered(state=ASK_STATE_NAMES[before])
    if seen == AskState.OPEN and before is AskState.ACCEPTED:
        raise SaidYesMeanwhile()
    if before is AskState.OPEN and row.expires_at <= now and came is not Came.WITHDRAWN:
        raise AskLapsed(day=row.expires_at)
    becomes = after(before, came)
    if becomes is AskState.ACCEPTED:
        row.is_accepted = True
    else:
        session.delete(row)
    write_outcome(session, actor, ask, came, minutes=minutes, note=note, at=now, now=now)
    weigh(session, [(ask, before, becomes)], now)
    if is_told:
        _tell(session, actor, ask, came, clean(note), now)
    return ask


def _is_said(session: Session, ask_id: int, came: Came, note: str) -> bool:
    """Tell whether this came of it with these words already; without words it is the same whatever was noted."""
    kept = session.scalar(select(AskOutcome.note).where(AskOutcome.ask_id == ask_id, AskOutcome.came == came.value))
    return not note or kept == note[:NOTE_LENGTH]


def _tell(session: Session, actor: Actor, ask: Ask, came: Came, note: str, now: datetime) -> None:
    """Tell who asked what the person said; not who wrote it down themself."""
    if came not in (Came.ACCEPTED, Came.DECLINED) or ask.asked_by_id in (None, actor.id):
        return
    about = {"kind": ASK_KIND_NAMES[AskKind(ask.kind)], "about": ask.about, "note": note}
    data = {"person": get_person(session, ask.person_id).name, "is_yes": came is Came.ACCEPTED, **about}
    to, link = recipient(session, int(ask.asked_by_id or 0)), f"/goodwill/people/{ask.person_id}"
    notify(session, to=to, kind="ask_answered", data=data, key=f"ask:{ask.id}:{came.value}", now=now, link=link)
