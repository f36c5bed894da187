"""What became of an order at the provider: asked, made, refused, not made yet. Each step is a unit of work of its own; the call lies between."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import system
from portal.notifications.actions import notify
from portal.people.queries.persons import admins
from portal.rewards.actions.fulfilling import hand_over_card, hand_over_spare
from portal.rewards.actions.moving import move, record_and_tell, tell_admins
from portal.rewards.actions.ordering import locked_order, promise
from portal.rewards.actions.spares import keep_late, take_spare
from portal.rewards.actions.worth import stops
from portal.rewards.models.cards import CardBalance, CardOrder
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.cards import balance_at_provider, low_balance_of
from portal.rewards.rules.cards import CLAIM, OPEN, OrderState, Wanted, Why, holder_of, shelf_of, wait_after
from portal.rewards.rules.states import Move, State
from portal.vault.actions.stocking import keep_bought
from portal.vault.rules import Card, CodeTwice

REFUSED_WORDS = "The provider refused the order."


@dataclass(frozen=True)
class Asking:
    """What the provider is asked, at the how manieth of its ``tries``. ``is_doubted``: it may know the order already, so it is looked for first;
    ``may_order``: whether it is ordered where there is none, since something may be sent to the person.
    """

    id: int
    order_id: str
    wanted: Wanted
    is_doubted: bool
    tries: int
    may_order: bool = True


def begin_asking(session: Session, *, order: int, tries: int, now: datetime, is_watch: bool = False) -> Asking | None:
    """Claim an order for one call and return what is asked, None where nothing is to be asked now.

    ``tries`` are those it had when this was promised: a later try has promises of its own. From here on it is in doubt: whatever happens
    to this worker, another one is promised, and looks before it orders. Where a spare card lies, that is handed over and nothing is asked.
    """
    redemption, found = _locked(session, order)
    if found.state not in OPEN or found.tries != tries or (is_watch and found.claimed_until is None):
        return None
    if found.claimed_until is not None and found.claimed_until > now:
        promise(session, found, now, at=found.claimed_until)
        return None
    is_doubted = found.state == OrderState.DOUBT
    is_stopped = stops(session, redemption, now) is not None
    if not is_doubted and is_stopped:
        _wait(session, found, OrderState.NOTED, Why.STOPPED, now)
        return None
    if not is_doubted and take_spare(session, redemption, now):
        found.state, found.why, found.settled_at = OrderState.GIVEN_UP.value, Why.NONE.value, now
        session.flush()
        hand_over_spare(session, system(), redemption, now)
        return None
    found.state, found.asked_at, found.claimed_until, found.tries = OrderState.DOUBT.value, now, now + CLAIM, found.tries + 1
    found.why = Why.REPLY.value
    session.flush()
    promise(session, found, now, at=found.claimed_until, is_watch=True)
    return Asking(found.id, found.order_id, Wanted(found.product, found.amount_cents, found.currency), is_doubted, found.tries, not is_stopped)


def settle_made(session: Session, *, order: int, card: Card, reference: str, now: datetime, tries: int | None = None) -> None:
    """Keep the card, sealed, and hand it over, unless nothing may be sent to the person now: then it waits for an admin. A second time is nothing.

    A card was paid for, so it is kept whenever its answer comes: where nobody waits for it any more, among the spare ones, and admins are told.
    """
    redemption, found = _locked(session, order)
    if found.state not in OPEN:
        if keep_late(session, found, card):
            about = {"order": found.order_id, "reference": reference}
            audit.record(session, system(), "redemption.card_late", "redemption", redemption.id, now=now, **about)
            tell_admins(session, redemption, "redemption_card_late", now, turn=found.turn)
        return
    taken = reference and session.scalar(select(CardOrder.id).where(CardOrder.reference == reference, CardOrder.id != order))
    try:
        if taken:
            raise CodeTwice()
        keep_bought(session, shelf=shelf_of(redemption.reward_id), holder=holder_of(redemption.id), card=card, now=now)
    except CodeTwice:
        _wait(session, found, OrderState.DOUBT, Why.TWICE, now)
        return
    found.state, found.why, found.reference, found.settled_at, found.claimed_until = OrderState.MADE.value, "", reference, now, None
    session.flush()
    audit.record(session, system(), "redemption.card_made", "redemption", redemption.id, now=now, order=found.order_id, reference=reference)
    if redemption.state != State.ORDERED:
        return
    if stops(session, redemption, now):
        found.why = Why.STOPPED.value
        session.flush()
        tell_admins(session, redemption, "redemption_card_waits", now, turn=found.turn)
        return
    hand_over_card(session, system(), redemption, now)


def settle_refused(session: Session, *, order: int, now: datetime, tries: int | None = None) -> None:
    """Note that no card was made and none will be under this id: it failed, and an admin tries again or gives it up. A second time is nothing.

    ``tries`` are those of the call that is answered: where it was asked once more meanwhile, that call knows more.
    """
    redemption, found = _locked(session, order)
    if found.state not in OPEN or tries not in (None, found.tries):
        return
    found.state, found.why, found.settled_at, found.claimed_until = OrderState.REFUSED.value, Why.REFUSED.value, now, None
    session.flush()
    if redemption.state == State.ORDERED:
        failed, _ = move(session, system(), redemption.id, Move.FAIL, now=now, reason=REFUSED_WORDS)
        record_and_tell(session, system(), failed, now)
        tell_admins(session, failed, "redemption_card_refused", now, turn=found.turn)


def settle_open(session: Session, *, order: int, is_doubted: bool, why: Why, now: datetime, tries: int | None = None) -> None:
    """Note that the order is not made yet, or may be, and promise to ask again. Of ``tries`` as ``settle_refused``."""
    _redemption, found = _locked(session, order)
    if found.state in OPEN and tries in (None, found.tries):
        _wait(session, found, OrderState.DOUBT if is_doubted else OrderState.NOTED, why, now)


def note_balance(session: Session, *, cents: int | None, currency: str, now: datetime) -> None:
    """Note what is left at the provider, None where it does not say; tell admins once, when it gets low."""
    row = balance_at_provider(session)
    if row is None:
        row = CardBalance(id=1, currency="")
        session.add(row)
    if cents is None:
        row.failed_at = row.failed_at or now
        return
    row.cents, row.currency, row.looked_at, row.failed_at = cents, currency, now, None
    is_low = cents < low_balance_of(session)
    if is_low and row.warned_at is None:
        row.warned_at = now
        for admin in admins(session):
            data = {"cents": cents, "currency": currency}
            notify(session, to=admin, kind="balance_low", data=data, key=f"balance_low:{now.isoformat()}", now=now, link="/admin/rewards/desk")
    elif not is_low:
        row.warned_at = None
    session.flush()


def _wait(session: Session, order: CardOrder, state: OrderState, why: Why, now: datetime) -> None:
    order.state, order.why, order.claimed_until = state.value, why.value, None
    session.flush()
    wait = wait_after(order.tries) if why is not Why.STOPPED else timedelta(hours=1)
    promise(session, order, now, at=now + wait)


def _locked(session: Session, order_id: int) -> tuple[Redemption, CardOrder]:
    """Return an order and its redemption, both locked, the redemption first as everywhere."""
    about = session.scalars(select(CardOrder.redemption_id).where(CardOrder.id == order_id)).one()
    held = select(Redemption).where(Redemption.id == about).with_for_update(key_share=True).execution_options(populate_existing=True)
    redemption = session.scalars(held).one()
    order = locked_order(session, about)
    assert order is not None
    if order.id != order_id:
        order = session.get_one(CardOrder, order_id)
    return redemption, order
