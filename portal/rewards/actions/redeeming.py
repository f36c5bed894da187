"""What a person does: ask for a reward, call it off. Stock, points and the redemption move together or not at all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone, violated
from portal.kernel.errors import NotFound, Refusal
from portal.ledger.actions.holding import hold
from portal.ledger.rules import BalanceTooLow
from portal.rewards.actions.addresses import keep_address
from portal.rewards.actions.auto import approve_by_rule
from portal.rewards.actions.codes import set_aside
from portal.rewards.actions.conditions import require_conditions
from portal.rewards.actions.moving import give_back, move, tell_admins, tell_person
from portal.rewards.actions.taking import chosen_variant, take_piece
from portal.rewards.actions.waiting import fulfil_wishes
from portal.rewards.actions.worth import require_may_have
from portal.rewards.kinds.contract import read
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.conditions import span_of
from portal.rewards.queries.redemptions import find_by_key, get_redemption, live_slots
from portal.rewards.queries.variants import address_of, has_variants
from portal.rewards.rules.addresses import Address, missing_in, require_address
from portal.rewards.rules.conditions import Conditions, limit_refusal, period_key, require_delivered
from portal.rewards.rules.reach import free_slot
from portal.rewards.rules.redeeming import is_over, require_offered, require_price_as_shown, require_redeemer
from portal.rewards.rules.refusals.redeeming import EventIsOver, KeyTaken, SeveralMissing, TermsNotAccepted, TooFewPoints, VariantNeeded
from portal.rewards.rules.states import Move, State, is_called_off, left_at
from portal.rewards.rules.terms import require_agreed, version_of


@dataclass(frozen=True)
class Asked:
    """What a person fills in with a redemption, besides a wish: variant, answers to their kind's questions, address, terms.

    ``terms`` is the version of the terms that was shown. ``remembers`` says whether the address is kept for the next time;
    where one is asked for and it is not, the one that was kept before is forgotten.
    """

    variant_id: int | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    address: Address | None = None
    remembers: bool = False
    agrees: bool = False
    terms: str = ""


NOTHING = Asked()


def redeem(
    session: Session,
    actor: Actor,
    *,
    reward_id: int,
    key: str,
    now: datetime,
    wish: str = "",
    shown_price: int | None = None,
    asked: Asked = NOTHING,
) -> Redemption:
    """Ask for a reward: one piece leaves the stock and its price is held, in one transaction.

    ``key`` was minted with the form: a double click is one redemption. ``wish`` is what the person
    wants us to know. Refuses: NotAllowed, RewardNotOffered, what its conditions refuse (NotForThisPerson, NotOnSaleYet, SaleIsOver,
    LevelNeeded, CountryNotKnown, NotInCountry, NotDeliveredThere), PriceChanged, TermsChanged, TermsNotAccepted, AddressIncomplete,
    CountryUnknown, what the kind finds missing, VariantNeeded, VariantGone, DateIsOver, EventIsOver, LimitReached (or, of a limit that
    counts anew, AgainNextMonth, AgainNextQuarter, AgainNextYear), OutOfStock, VariantOut, TooFewPoints, KeyTaken, and what the person
    may not accept (AskedFirst, MayNotAccept, CharityOnly, ItemAboveCap, YearAboveCap). Where several things were left open,
    SeveralMissing has their refusals as its parts.
    """
    person_id = require_redeemer(actor)
    if first := find_by_key(session, key):
        return _same(session, first, person_id, reward_id, asked)
    reward = get_reward(session, reward_id)
    require_offered(reward.state)
    conditions = require_conditions(session, reward, person_id, now)
    require_price_as_shown(reward.price, shown_price)
    said = _said(session, reward, conditions, asked, now)
    redemption, is_new = _insert(session, reward, conditions, person_id, key, said | {"wish": wish}, now)
    if not is_new:
        return _same(session, redemption, person_id, reward_id, asked)
    require_may_have(session, redemption, reward, now)
    if kind_of(reward.kind).needs_address:
        keep_address(session, redemption, require_address(asked.address), remembers=asked.remembers, now=now)
    redemption.has_stock = take_piece(session, reward, redemption, now)
    set_aside(session, reward, redemption, now)
    redemption.hold_id = _hold(session, actor, redemption, now)
    session.flush()
    fulfil_wishes(session, redemption)
    audit.record(session, actor, "reward.redeemed", "redemption", redemption.id, now=now, reward_id=reward.id, reward=reward.name, price=reward.price)
    if not approve_by_rule(session, redemption, now):
        tell_person(session, redemption, "redemption_requested", now)
        tell_admins(session, redemption, "redemption_waiting", now)
    return redemption


def cancel_redemption(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> Redemption:
    """Call one's own redemption off before it is ordered or sent, or once that failed: stock and points come back.

    Admins hear of it where one had approved it, since somebody may be packing it; who approved it by mail too.
    Refuses: NotFound for another's, AlreadyHandled.
    """
    if actor.id is None or get_redemption(session, redemption_id).person_id != actor.id:
        raise NotFound()
    redemption, is_new = move(session, actor, redemption_id, Move.CANCEL, now=now)
    if is_new:
        was = left_at(approved_at=redemption.approved_at, failed_at=redemption.failed_at, retried_at=redemption.retried_at)
        give_back(session, actor, redemption, now=now)
        was_approved = is_called_off(redemption.state, redemption.approved_at)
        audit.record(session, actor, "redemption.cancelled", "redemption", redemption_id, now=now, was=was.value)
        tell_person(session, redemption, "redemption_cancelled", now)
        if was_approved:
            tell_admins(session, redemption, "redemption_called_off", now, mail_to=redemption.approved_by)
    return redemption


def _same(session: Session, first: Redemption, person_id: int, reward_id: int, asked: Asked) -> Redemption:
    """Return what the form made before. Refuses: KeyTaken, if it asked for something else then: another reward, variant, answer or address."""
    reward = get_reward(session, first.reward_id)
    kind = kind_of(reward.kind)
    before = (first.person_id, first.reward_id, first.variant_id, first.answers)
    is_same = before == (person_id, reward_id, asked.variant_id, read(kind.asks(reward.options), asked.answers))
    to = address_of(session, first.id) if kind.needs_address else None
    if not is_same or (to is not None and to != asked.address):
        raise KeyTaken()
    return first


def _said(session: Session, reward: Reward, conditions: Conditions, asked: Asked, now: datetime) -> dict[str, Any]:
    """Return what is kept of what was filled in, checked."""
    kind = kind_of(reward.kind)
    answers = read(kind.asks(reward.options), asked.answers)
    missing = list(_missing(session, reward, asked, answers))
    if len(missing) > 1:
        several = SeveralMissing()
        several.parts = tuple(missing)
        raise several
    version = require_agreed(reward.terms, agrees=asked.agrees, shown=asked.terms)
    variant = chosen_variant(session, reward.id, asked.variant_id, now)
    if refusal := kind.problem(reward.options, answers):
        raise refusal
    if kind.needs_address:
        require_delivered(conditions, require_address(asked.address).country)
    day = variant.happens_on if variant else kind.day(reward.options)
    if day is not None and is_over(day, local_date(now, programme_zone(session))):
        raise EventIsOver(reward=reward.name, day=day)
    about = {"variant_id": variant.id if variant else None, "variant": variant.name if variant else "", "happens_on": day, "answers": answers}
    return about | {"terms_hash": version, "terms_at": now if version else None}


def _missing(session: Session, reward: Reward, asked: Asked, answers: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield what was left open, in the order of the form, so that nobody is told of it one by one."""
    kind = kind_of(reward.kind)
    if asked.variant_id is None and has_variants(session, reward.id):
        yield VariantNeeded()
    if refusal := kind.problem(reward.options, answers):
        yield refusal
    if kind.needs_address:
        yield from missing_in(asked.address)
    if asked.terms == version_of(reward.terms) and reward.terms.strip() and not asked.agrees:
        yield TermsNotAccepted()


def _insert(
    session: Session, reward: Reward, conditions: Conditions, person_id: int, key: str, said: dict[str, Any], now: datetime
) -> tuple[Redemption, bool]:
    """Write the redemption and return it with True, or the one that a double click has just written with False.

    Two windows of one person may go for the same slot; the one that comes second looks again.
    """
    while True:
        period, slot = _slot(session, reward, conditions, person_id, now)
        facts = {"period_key": period, "slot": slot, "price": reward.price, "requested_at": now}
        redemption = Redemption(key=key, reward_id=reward.id, person_id=person_id, **facts, **said)
        redemption.state, redemption.has_stock, redemption.delivery, redemption.reason = State.REQUESTED.value, False, "", ""
        redemption.handed = {}
        try:
            with session.begin_nested():
                session.add(redemption)
                session.flush()
            return redemption, True
        except IntegrityError as error:
            if violated(error, "redemption", "key"):
                first = find_by_key(session, key)
                assert first is not None
                return first, False
            if not violated(error, "redemption", "reward_id", "person_id", "period_key", "slot", name="uq_redemption_slot"):
                raise


def _slot(session: Session, reward: Reward, conditions: Conditions, person_id: int, now: datetime) -> tuple[str, int | None]:
    """Return in which period a redemption counts, and the place it takes there. Refuses: LimitReached and its kinds."""
    today, limit = local_date(now, programme_zone(session)), reward.limit_per_person
    key = period_key(conditions.period, today)
    if limit is None:
        return key, None
    taken = live_slots(session, reward.id, person_id, span=span_of(session, conditions.period, today))
    slot = free_slot([place if period == key else None for period, place in taken], limit)
    if slot is None:
        raise limit_refusal(reward.name, limit, conditions, today)
    return key, slot


def _hold(session: Session, actor: Actor, redemption: Redemption, now: datetime) -> int:
    try:
        held = hold(
            session,
            actor,
            owner_id=redemption.person_id,
            points=redemption.price,
            key=f"redemption:{redemption.id}:hold",
            reason="reward.redeemed",
            source_type="redemption",
            source_id=redemption.id,
            now=now,
        )
    except BalanceTooLow as refusal:
        raise TooFewPoints(**refusal.facts) from refusal
    return held.id
