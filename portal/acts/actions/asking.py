"""Asking: the one verb that every door calls before anybody is asked for anything. What was asked elsewhere is written down by ``outside``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.actions.answering import lapse
from portal.acts.actions.keeping import company_of, keep, known_kind, lock_whole, made, opened, require_staff, same_ask
from portal.acts.actions.loads import Change, weigh
from portal.acts.models.asks import Ask
from portal.acts.queries.asks import beyond_of
from portal.acts.queries.budget import Budget, budget_of
from portal.acts.rooms import rooms_that_ask
from portal.acts.rules.asks import ASK_KIND_NAMES, REASON_LENGTH, AskKind, AskState, Channel
from portal.acts.rules.beyond import kept_names
from portal.acts.rules.refusals import ApproverNeeded, NotHereYet, ReasonNeeded, Stop
from portal.audit.actions import record
from portal.kernel.actor import Actor, system
from portal.kernel.errors import Refusal
from portal.kernel.text import clean
from portal.notifications.actions import notify
from portal.notifications.rules import Recipient
from portal.people.models import Person
from portal.people.queries.persons import get_person, recipient, recipients
from portal.people.rules.person import PersonState


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
    person = lock_whole(session, person)
    if (first := same_ask(session, key, person_id, wanted)) is not None:
        return first
    lapsed = lapse(session, system("job"), people=[person_id], companies=company_of(person), source=source, now=now)
    budget = budget_of(session, person_id, now)
    try:
        lifted = _lifted(session, actor, person_id, [*budget.against(actor, wanted), *also], override)
    except Refusal:
        weigh(session, lapsed, now)
        raise
    if is_told and (not_told := not_here(budget, channel)):
        raise not_told
    facts: dict[str, Any] = {"kind": wanted, "channel": channel, "about": about, "asked_at": now, "asked_by_id": actor.id, "now": now}
    (ask,) = made(session, {key: budget}, **facts, expires_at=expires_at, source=source, **lifted)
    keep(session, ask)
    weigh(session, [*lapsed, (ask, None, AskState.OPEN)], now)
    _note(session, actor, ask, now)
    _tell(session, ask, person, is_told)
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
    facts: dict[str, Any] = {"kind": kind, "channel": channel, "about": about, "asked_at": now, "asked_by_id": actor.id, "now": now}
    asks = made(session, {f"{key}:{one.person_id}": one for one in budgets}, **facts)
    session.add_all(asks)
    session.flush()
    session.add_all(opened(ask) for ask in asks)
    session.flush()
    weigh(session, [*lapsed, *((ask, None, AskState.OPEN) for ask in asks)], now)
    told = recipients(session, [one.person_id for one in budgets], joined=True) if channel is Channel.PORTAL else {}
    asker = _name_of(session, actor.id) if told else ""
    for ask in asks:
        _note(session, actor, ask, now)
        if ask.person_id in told:
            _tell_asked(session, ask, told[ask.person_id], asker)
    return {ask.person_id: ask for ask in asks}


def not_here(budget: Budget, channel: Channel | str) -> NotHereYet | None:
    """Return why somebody cannot be asked in the portal: they have no account. None where they have one, or are asked in another way."""
    return NotHereYet(name=budget.standing.person.name) if channel == Channel.PORTAL and not budget.is_here else None


def _lifted(session: Session, actor: Actor, person_id: int, stops: Sequence[Refusal], override: Override | None) -> Mapping[str, Any]:
    """Return what the record keeps of an override; nothing where nothing stands against the ask, whatever was given."""
    for stop in stops:
        is_kept_out = override is not None and override.lifts is not None and stop.name not in override.lifts
        if override is None or is_kept_out or (isinstance(stop, Stop) and stop.is_final):
            raise stop
    if not stops or override is None:
        return {}
    reason = clean(override.reason)[:REASON_LENGTH]
    approver = session.get(Person, override.approver_id) if override.approver_id else None
    is_another = approver is not None and approver.id not in (actor.id, person_id)
    if approver is None or not is_another or not approver.is_admin or approver.state != PersonState.ACTIVE:
        raise ApproverNeeded() if reason else ReasonNeeded(also=(ApproverNeeded(),))
    if not reason:
        raise ReasonNeeded()
    return {"overrode": kept_names(stop.name for stop in stops), "override_reason": reason, "approver_id": approver.id}


def _note(session: Session, actor: Actor, ask: Ask, now: datetime) -> None:
    facts = {"kind": ask.kind, "person_id": ask.person_id, "effort": ask.effort, "overrode": ask.overrode, "approver_id": ask.approver_id}
    record(session, actor, "ask.overridden" if ask.overrode else "ask.made", "ask", ask.id, now=now, reason=ask.override_reason, **facts)


def _tell_asked(session: Session, ask: Ask, to: Recipient, asker: str) -> None:
    approver = _name_of(session, ask.approver_id)
    data: dict[str, Any] = {"kind": ASK_KIND_NAMES[AskKind(ask.kind)], "about": ask.about, "until": ask.expires_at.isoformat(), "approver": approver}
    data |= {"beyond": beyond_of(ask), "asker": asker}
    notify(session, to=to, kind="ask_made", data=data, key=f"ask:{ask.id}", now=ask.recorded_at, link="/asks")


def _name_of(session: Session, person_id: int | None) -> str:
    return get_person(session, person_id).name if person_id else ""


def _tell(session: Session, ask: Ask, person: Person, is_told: bool) -> None:
    """Tell a member that they are asked, and the admin who was named what is asked in their name."""
    asker = _name_of(session, ask.asked_by_id)
    if is_told and person.state == PersonState.ACTIVE:
        _tell_asked(session, ask, recipient(session, person.id), asker)
    if ask.approver_id is not None:
        data = {"person": person.name, "asker": asker, "reason": ask.override_reason, "kind": ASK_KIND_NAMES[AskKind(ask.kind)]}
        # What another room asks for is taken back where that room shows it.
        room = rooms_that_ask(session).get(ask.source_type or "")
        to, link = (
            recipient(session, ask.approver_id),
            room.page_of(ask.source_id or 0) if room else f"/goodwill/people/{person.id}?ask={ask.id}#ask-{ask.id}",
        )
        notify(session, to=to, kind="ask_overridden", data=data, key=f"ask_overridden:{ask.id}", now=ask.recorded_at, link=link)
