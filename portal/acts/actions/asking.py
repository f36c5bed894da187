"""Asking: the one verb that every door calls before anybody is asked for anything, and its twin for what was asked elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.acts.actions.answering import lapse, require_minutes, write_outcome
from portal.acts.actions.loads import Change, weigh
from portal.acts.actions.locking import locked_company, locked_person
from portal.acts.models.asks import Ask, OpenAsk
from portal.acts.queries.asks import outcomes_of
from portal.acts.queries.budget import Budget, budget_of
from portal.acts.queries.settings import defaults_of, efforts_at
from portal.acts.queries.taken import last_freed
from portal.acts.rules.asks import ASK_KIND_NAMES, KEY_LENGTH, NOTE_LENGTH, REASON_LENGTH, AskKind, AskState, Came, Channel
from portal.acts.rules.budget import window_from
from portal.acts.rules.refusals import (
    ApproverNeeded,
    CannotBeAsked,
    KeyUsed,
    KindUnknown,
    MomentAhead,
    MomentTooOld,
    NotHereYet,
    ReasonNeeded,
    SourceAsks,
    Stop,
)
from portal.audit.actions import record
from portal.kernel.actor import Actor, system
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed, Refusal
from portal.kernel.text import clean, clean_line
from portal.notifications.actions import notify
from portal.notifications.rules import Recipient
from portal.people.models import Person
from portal.people.queries.companies import get_company
from portal.people.queries.persons import get_person, recipient, recipients
from portal.people.rules.person import PersonState

MOST_YEARS = 10
ASKED_ON = {"reference_request": "/requests"}
"""The page of what asks, by its type, where an ask of it is taken back."""
ABOUT_LENGTH = 200


@dataclass(frozen=True)
class Override:
    """Why somebody is asked although something stands against it, and the admin in whose name: they answer for it, are told at once, and may take
    it back. Nothing lifts a block.

    ``lifts`` are the names of the refusals that were approved, where it is kept for another ask; None lifts all that stand.
    """

    reason: str
    approver_id: int | None
    lifts: frozenset[str] | None = None


def propose_ask(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    kind: AskKind | str,
    key: str,
    now: datetime,
    channel: Channel | str = Channel.PORTAL,
    about: str = "",
    source: tuple[str, int] | None = None,
    expires_at: datetime | None = None,
    override: Override | None = None,
    also: Sequence[Refusal] = (),
    is_told: bool = True,
) -> Ask:
    """Ask somebody for something, and reserve the slot. ``key`` names the form, job or request for ever: once more is the first ask.

    ``source`` is what asks, such as ``("reference_request", 7)``; it has one unsettled ask. ``expires_at`` is when silence frees the slot
    (the programme's days from now if not given). ``is_told`` lets a member be told here; a door that writes to them itself says False.
    ``also`` is what else stands against it where the ask comes from; the same override lifts it, and without one the first of it is raised.
    Refuses: NotAllowed, KindUnknown, CannotBeAsked, LegalHold and OpenEscalation (NotToBeAsked to whom may not know which); and, where no
    ``override`` names why and who approves, KindNotWanted, Paused, MonthOff, Resting, PersonCapReached, PersonTakesNone,
    CompanyCapReached, CompanyTakesNone; of an override ReasonNeeded and ApproverNeeded; KeyUsed, SourceAsks. Of many who go for the last
    slot exactly one gets it: the budgets are locked first.
    """
    require_staff(actor)
    wanted, person = known_kind(kind), get_person(session, person_id)
    person = _lock(session, person)
    if (first := _same(session, key, person_id, wanted)) is not None:
        return first
    lapsed = lapse(session, system("job"), people=[person_id], companies=_company(person), source=source, now=now)
    budget = budget_of(session, person_id, now)
    try:
        lifted = _lifted(session, actor, person_id, [*budget.against(actor, wanted), *also], override)
    except Refusal:
        weigh(session, lapsed, now)
        raise
    if is_told and (not_told := not_here(budget, channel)):
        raise not_told
    ask = _made(
        budget,
        recorded_at=last_freed(session, [person_id], _company(person), now),
        key=key,
        kind=wanted,
        channel=Channel(channel),
        about=clean_line(about)[:ABOUT_LENGTH],
        effort=efforts_at(session, now)[wanted],
        asked_at=now,
        asked_by_id=actor.id,
        now=now,
        expires_at=expires_at or now + timedelta(days=defaults_of(session).answer_days),
        source=source,
        **lifted,
    )
    _keep(session, ask)
    weigh(session, [*lapsed, (ask, None, AskState.OPEN)], now)
    facts = {"kind": ask.kind, "person_id": person_id, "effort": ask.effort, "overrode": ask.overrode, "approver_id": ask.approver_id}
    record(session, actor, "ask.overridden" if ask.overrode else "ask.made", "ask", ask.id, now=now, reason=ask.override_reason, **facts)
    _tell(session, ask, person, is_told)
    return ask


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
    if happened_at > now:
        raise MomentAhead()
    if happened_at < now - timedelta(days=366 * MOST_YEARS):
        raise MomentTooOld(years=MOST_YEARS)
    person = _lock(session, get_person(session, person_id))
    if (first := _same(session, key, person_id, wanted, is_outside=True, came=came)) is not None:
        return first
    if not person.is_advocate:
        raise CannotBeAsked(name=person.name)
    lapsed = lapse(session, system("job"), people=[person_id], companies=_company(person), now=now)
    ask = _made(
        budget_of(session, person_id, now),
        recorded_at=last_freed(session, [person_id], _company(person), now),
        key=key,
        kind=wanted,
        channel=Channel(channel),
        about=clean_line(about)[:ABOUT_LENGTH],
        effort=efforts_at(session, happened_at)[wanted],
        asked_at=happened_at,
        asked_by_id=asked_by_id,
        now=now,
        expires_at=now + timedelta(days=defaults_of(session).answer_days),
        source=None,
        is_outside=True,
    )
    _keep(session, ask, is_open=came in (None, Came.ACCEPTED), is_accepted=came == Came.ACCEPTED)
    record(session, actor, "ask.logged", "ask", ask.id, now=now, kind=ask.kind, person_id=person_id, came=str(came or ""))
    if came is not None:
        write_outcome(session, actor, ask, Came(came), minutes=minutes, note=clean(note)[:NOTE_LENGTH], at=happened_at, now=now)
    weigh(session, [*lapsed, (ask, None, AskState(came) if came is not None else AskState.OPEN)], now)
    return ask


def ask_all(
    session: Session,
    actor: Actor,
    budgets: Sequence[Budget],
    *,
    kind: AskKind,
    key: str,
    channel: Channel,
    about: str,
    now: datetime,
    lapsed: Sequence[Change] = (),
) -> dict[int, Ask]:
    """Ask everybody of ``budgets``, which the caller locked and judged, and return the asks by person. ``lapsed`` is weighed with them."""
    people, companies = [one.person_id for one in budgets], sorted({one.company_id for one in budgets if one.company_id})
    moment = last_freed(session, people, companies, now)
    facts = {"kind": kind, "channel": channel, "about": clean_line(about)[:ABOUT_LENGTH], "effort": efforts_at(session, now)[kind]}
    facts |= {"asked_at": now, "asked_by_id": actor.id, "now": now, "recorded_at": moment, "source": None}
    facts |= {"expires_at": now + timedelta(days=defaults_of(session).answer_days)}
    asks = [_made(one, key=f"{key}:{one.person_id}", **facts) for one in budgets]  # type: ignore[arg-type]
    session.add_all(asks)
    session.flush()
    session.add_all(_opened(ask) for ask in asks)
    session.flush()
    weigh(session, [*lapsed, *((ask, None, AskState.OPEN) for ask in asks)], now)
    told = recipients(session, people, joined=True) if channel is Channel.PORTAL else {}
    for ask in asks:
        told_of = {"kind": ask.kind, "person_id": ask.person_id, "effort": ask.effort, "overrode": "", "approver_id": None}
        record(session, actor, "ask.made", "ask", ask.id, now=now, reason="", **told_of)
        if ask.person_id in told:
            _tell_asked(session, ask, told[ask.person_id])
    return {ask.person_id: ask for ask in asks}


def not_here(budget: Budget, channel: Channel | str) -> NotHereYet | None:
    """Return why somebody cannot be asked in the portal: they have no account. None where they have one, or are asked in another way."""
    return NotHereYet(name=budget.standing.person.name) if channel == Channel.PORTAL and not budget.is_here else None


def require_staff(actor: Actor) -> None:
    """Refuses who is neither employee nor admin nor the portal itself (``NotAllowed``)."""
    if not (actor.is_employee or actor.is_admin):
        raise NotAllowed()


def known_kind(kind: AskKind | str) -> AskKind:
    """Return the kind; refuses ``KindUnknown``."""
    try:
        return AskKind(kind)
    except ValueError:
        raise KindUnknown() from None


def _lock(session: Session, person: Person) -> Person:
    """Lock the person's budget, then their company's, and return the person as they are now.

    Who changed companies while the old one's budget was waited for is asked as one of the new company, whose budget is then locked too.
    """
    locked_person(session, person.id)
    session.refresh(person)
    locked: int | None = None
    while person.company_id is not None and person.company_id != locked:
        locked = locked_company(session, get_company(session, person.company_id).id).company_id
        session.refresh(person)
    return person


def _company(person: Person) -> list[int]:
    return [person.company_id] if person.company_id is not None else []


def _same(session: Session, key: str, person_id: int, kind: AskKind, *, is_outside: bool = False, came: Came | str | None = None) -> Ask | None:
    """Return the ask that was made with this key. Refuses a key of another one, and of one of which something else came (``KeyUsed``)."""
    first = session.scalar(select(Ask).where(Ask.key == key[:KEY_LENGTH]))
    if first is None:
        return None
    is_same = (first.person_id, first.kind, first.is_outside) == (person_id, kind.value, is_outside)
    if not is_same or (came is not None and outcomes_of(session, first.id)[:1] != [Came(came)]):
        raise KeyUsed()
    return first


def _lifted(session: Session, actor: Actor, person_id: int, stops: Sequence[Refusal], override: Override | None) -> Mapping[str, Any]:
    """Return what the record keeps of an override; nothing where nothing stands against the ask, whatever was given."""
    for stop in stops:
        is_kept_out = override is not None and override.lifts is not None and stop.name not in override.lifts
        if override is None or is_kept_out or (isinstance(stop, Stop) and stop.is_final):
            raise stop
    if not stops or override is None:
        return {}
    reason = clean(override.reason)[:REASON_LENGTH]
    if not reason:
        raise ReasonNeeded()
    approver = session.get(Person, override.approver_id) if override.approver_id else None
    is_another = approver is not None and approver.id not in (actor.id, person_id)
    if approver is None or not is_another or not approver.is_admin or approver.state != PersonState.ACTIVE:
        raise ApproverNeeded()
    return {"overrode": " ".join(stop.name for stop in stops)[:200], "override_reason": reason, "approver_id": approver.id}


def _made(
    budget: Budget,
    *,
    key: str,
    kind: AskKind,
    now: datetime,
    source: tuple[str, int] | None,
    is_outside: bool = False,
    overrode: str = "",
    override_reason: str = "",
    approver_id: int | None = None,
    **facts: Any,
) -> Ask:
    """Return the row, with what the caps were decided on.

    Who waited for the lock may have begun before what freed the slot: ``recorded_at`` tells them in the order in which they counted.
    """
    own, firm = budget.standing.person, budget.standing.company
    return Ask(
        key=key[:KEY_LENGTH],
        person_id=budget.person_id,
        company_id=budget.company_id,
        kind=kind.value,
        source_type=source[0] if source else None,
        source_id=source[1] if source else None,
        is_outside=is_outside,
        overrode=overrode,
        override_reason=override_reason,
        approver_id=approver_id,
        person_used=own.taken.used,
        person_most=own.cap.most,
        person_since=window_from(own.cap, now),
        company_used=firm.taken.used if firm else None,
        company_most=firm.cap.most if firm else None,
        company_since=window_from(firm.cap, now) if firm else None,
        **facts,
    )


def _keep(session: Session, ask: Ask, *, is_open: bool = True, is_accepted: bool = False) -> None:
    """Write the ask, and that it is open. Refuses a second unsettled one of a source (``SourceAsks``) and a key of another (``KeyUsed``)."""
    try:
        with session.begin_nested():
            session.add(ask)
            session.flush()
            if is_open:
                session.add(_opened(ask, is_accepted=is_accepted))
                session.flush()
    except IntegrityError as error:
        if violated(error, "open_ask", "source_type", "source_id"):
            raise SourceAsks() from error
        if violated(error, "ask", "key"):
            raise KeyUsed() from error
        raise


def _opened(ask: Ask, *, is_accepted: bool = False) -> OpenAsk:
    facts = {"person_id": ask.person_id, "company_id": ask.company_id, "source_type": ask.source_type, "source_id": ask.source_id}
    return OpenAsk(ask_id=ask.id, is_accepted=is_accepted, expires_at=ask.expires_at, **facts)


def _tell_asked(session: Session, ask: Ask, to: Recipient) -> None:
    approver = get_person(session, ask.approver_id).name if ask.approver_id else ""
    data = {"kind": ASK_KIND_NAMES[AskKind(ask.kind)], "about": ask.about, "until": ask.expires_at.isoformat(), "approver": approver}
    notify(session, to=to, kind="ask_made", data=data, key=f"ask:{ask.id}", now=ask.recorded_at, link="/asks")


def _tell(session: Session, ask: Ask, person: Person, is_told: bool) -> None:
    """Tell a member that they are asked, and the admin who was named what is asked in their name."""
    if is_told and person.state == PersonState.ACTIVE:
        _tell_asked(session, ask, recipient(session, person.id))
    if ask.approver_id is not None:
        asker = get_person(session, ask.asked_by_id).name if ask.asked_by_id else ""
        data = {"person": person.name, "asker": asker, "reason": ask.override_reason, "kind": ASK_KIND_NAMES[AskKind(ask.kind)]}
        # What another room asks for is taken back where that room shows it.
        page = ASKED_ON.get(ask.source_type or "")
        to, link = recipient(session, ask.approver_id), f"{page}/{ask.source_id}" if page else f"/goodwill/people/{person.id}"
        notify(session, to=to, kind="ask_overridden", data=data, key=f"ask_overridden:{ask.id}", now=ask.recorded_at, link=link)
