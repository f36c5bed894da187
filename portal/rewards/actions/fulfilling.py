"""From yes to theirs: order, send, receive; what failed is tried again or given up; what comes back is taken back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.ledger.actions.holding import capture
from portal.people.queries.persons import names
from portal.recognition.actions.scores import reverse
from portal.rewards.actions.codes import renew_card
from portal.rewards.actions.moving import as_it_stands, give_back, move, put_back, record_and_tell
from portal.rewards.actions.ordering import give_up_order, note_order
from portal.rewards.actions.spares import follow_product, take_spare
from portal.rewards.actions.worth import count_sent, require_rested, stops, take_out
from portal.rewards.kinds.contract import RewardKind, read
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.cards import order_of
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.redemptions import concerned, get_redemption
from portal.rewards.queries.variants import address_of
from portal.rewards.rules.addresses import AddressMissing
from portal.rewards.rules.cards import OPEN, CardNotThere, OrderUnderWay, Source, holder_of, source_of
from portal.rewards.rules.redeeming import require_decider, require_reason
from portal.rewards.rules.refusals.deciding import NotToBeOrdered, ShownAtTheDoor
from portal.rewards.rules.states import Move, can
from portal.vault.actions.handing import hand_code
from portal.vault.queries import look_of
from portal.vault.rules import NoCodeLeft


def order_redemption(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> Redemption:
    """Note that it was ordered; from now on the person cannot call it off.

    A card from the provider is ordered there, as soon as this is committed; where a spare one lies, that is handed over instead.
    Refuses: NotAllowed, OwnRedemption, NotToBeOrdered,
    RestingAfterChange, what the person may not accept, FormNeeded, AlreadyHandled; of a card also ProviderMissing.
    """
    reward, kind = _looked_at(session, actor, redemption_id)
    is_provided = source_of(reward.kind, reward.options) is Source.PROVIDER
    if not (kind.is_ordered or is_provided):
        raise NotToBeOrdered(reward=reward.name)
    redemption, is_new = move(session, actor, redemption_id, Move.ORDER, now=now)
    if is_new:
        _require_may_go(session, redemption, now)
        if is_provided and take_spare(session, redemption, now):
            hand_over_spare(session, actor, redemption, now)
            return redemption
        if is_provided:
            note_order(session, redemption, reward, now)
        record_and_tell(session, actor, redemption, now)
    return redemption


def send_redemption(
    session: Session, actor: Actor, *, redemption_id: int, now: datetime, delivery: str = "", handed: Mapping[str, Any] | None = None
) -> Redemption:
    """Send it, or hand it over: the held points are spent.

    ``delivery`` tells the person how it reaches them, ``handed`` is what its kind gives with it, such as a tracking
    number. Refuses: NotAllowed, OwnRedemption, AddressMissing, what the kind finds missing, RestingAfterChange,
    what the person may not accept, FormNeeded, AlreadyHandled; that too where a second click says something else.
    """
    reward, kind = _looked_at(session, actor, redemption_id)
    given = read(kind.options, reward.options) if kind.is_at_once else read(kind.gives, handed or {})
    if can(Move.SEND, get_redemption(session, redemption_id).state):
        if kind.needs_address and address_of(session, redemption_id) is None:
            raise AddressMissing()
        if refusal := kind.shortfall(given):
            raise refusal
        require_rested(session, redemption_id, now)
        _require_card(session, reward, redemption_id)
    redemption, is_new = move(session, actor, redemption_id, Move.SEND, now=now, delivery=delivery, handed=given)
    if is_new:
        _renew(session, reward, redemption, now)
        _spend(session, actor, redemption, now)
        record_and_tell(session, actor, redemption, now, kind=_open_card(session, reward, redemption))
    elif (given and given != redemption.handed) or (delivery and delivery != redemption.delivery):
        raise as_it_stands(redemption, reward.name, names(session, concerned([redemption])))
    return redemption


def hand_over_at_once(session: Session, actor: Actor, redemption: Redemption, now: datetime) -> bool:
    """Give what needs nobody to send it, or order its card, in the transaction of its approval; tells whether it did.

    What may not be sent to the person now waits, approved; so does a card whose code lapsed meanwhile, while there is no other one.
    """
    reward = get_reward(session, redemption.reward_id)
    kind, source = kind_of(reward.kind), source_of(reward.kind, reward.options)
    is_ready = kind.is_at_once or source is Source.VAULT or (source is Source.PROVIDER and session.info.get("has_card_provider"))
    if not is_ready or stops(session, redemption, now):
        return False
    if source is Source.PROVIDER and take_spare(session, redemption, now):
        hand_over_spare(session, actor, redemption, now)
        return True
    if source is Source.PROVIDER:
        redemption, _ = move(session, actor, redemption.id, Move.ORDER, now=now)
        note_order(session, redemption, reward, now)
        record_and_tell(session, actor, redemption, now)
        return True
    if source is Source.VAULT:
        if not renew_card(session, reward, redemption, now):
            return False
        hand_over_card(session, actor, redemption, now)
        return True
    move(session, actor, redemption.id, Move.SEND, now=now, handed=read(kind.options, reward.options))
    redemption, _ = move(session, actor, redemption.id, Move.RECEIVE, now=now)
    _spend(session, actor, redemption, now)
    record_and_tell(session, actor, redemption, now, name="sent")
    return True


def hand_over_card(session: Session, actor: Actor, redemption: Redemption, now: datetime) -> None:
    """Hand over a card whose code is set aside: the held points are spent, and the person may look at it. Asked before: ``stops``."""
    reward = get_reward(session, redemption.reward_id)
    redemption, _ = move(session, actor, redemption.id, Move.SEND, now=now)
    _renew(session, reward, redemption, now)
    _spend(session, actor, redemption, now)
    record_and_tell(session, actor, redemption, now, kind=_open_card(session, reward, redemption))


def hand_over_spare(session: Session, actor: Actor, redemption: Redemption, now: datetime) -> None:
    """Hand over a spare card that was set aside just now, instead of ordering one."""
    audit.record(session, actor, "redemption.spare_given", "redemption", redemption.id, now=now)
    hand_over_card(session, actor, redemption, now)


def receive_redemption(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> Redemption:
    """Note for the person that it arrived. Refuses: NotAllowed, OwnRedemption, AlreadyHandled."""
    require_decider(actor, get_redemption(session, redemption_id).person_id)
    redemption, is_new = move(session, actor, redemption_id, Move.RECEIVE, now=now)
    if is_new:
        record_and_tell(session, actor, redemption, now)
    return redemption


def confirm_received(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> Redemption:
    """Note that the person has it, as they say themselves. Refuses: NotFound for another's, ShownAtTheDoor, AlreadyHandled."""
    asked = get_redemption(session, redemption_id)
    if actor.id is None or asked.person_id != actor.id:
        raise NotFound()
    if kind_of(get_reward(session, asked.reward_id).kind).is_shown:
        raise ShownAtTheDoor()
    redemption, is_new = move(session, actor, redemption_id, Move.RECEIVE, now=now)
    if is_new:
        record_and_tell(session, actor, redemption, now, mail=False)
    return redemption


def fail_redemption(session: Session, actor: Actor, *, redemption_id: int, reason: str, now: datetime) -> Redemption:
    """Note that it could not be ordered or delivered; the points stay held.

    Refuses: NotAllowed, OwnRedemption, ReasonNeeded, AlreadyHandled, and OrderUnderWay while the provider may be making the card.
    """
    require_decider(actor, get_redemption(session, redemption_id).person_id)
    redemption, is_new = move(session, actor, redemption_id, Move.FAIL, now=now, reason=require_reason(reason))
    if is_new:
        give_up_order(session, redemption_id, now)
        record_and_tell(session, actor, redemption, now)
    return redemption


def retry_redemption(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> Redemption:
    """Try what failed again: it is approved as before, and not ordered. Refuses: NotAllowed, OwnRedemption, AlreadyHandled."""
    reward, _kind = _looked_at(session, actor, redemption_id)
    redemption, is_new = move(session, actor, redemption_id, Move.RETRY, now=now, reason="", ordered_by=None, ordered_at=None)
    if is_new:
        follow_product(session, reward, redemption)
        record_and_tell(session, actor, redemption, now, name="retried")
    return redemption


def end_redemption(session: Session, actor: Actor, *, redemption_id: int, reason: str, now: datetime) -> Redemption:
    """Give up what failed: stock and points come back. Refuses: NotAllowed, OwnRedemption, ReasonNeeded, AlreadyHandled."""
    require_decider(actor, get_redemption(session, redemption_id).person_id)
    redemption, is_new = move(session, actor, redemption_id, Move.END, now=now, reason=require_reason(reason))
    if is_new:
        give_back(session, actor, redemption, now=now)
        record_and_tell(session, actor, redemption, now)
    return redemption


def return_redemption(session: Session, actor: Actor, *, redemption_id: int, reason: str, now: datetime) -> Redemption:
    """Take back what was sent: the spent points are available again, the piece is on the shelf.

    Refuses: NotAllowed, OwnRedemption, ReasonNeeded, AlreadyHandled.
    """
    require_decider(actor, get_redemption(session, redemption_id).person_id)
    redemption, is_new = move(session, actor, redemption_id, Move.RETURN, now=now, reason=require_reason(reason))
    if is_new:
        take_out(session, redemption, now)
        put_back(session, redemption)
        assert redemption.capture_id is not None
        key = f"redemption:{redemption.id}:return"
        reverse(session, actor, transfer_id=redemption.capture_id, key=key, reason="reward.returned", now=now)
        record_and_tell(session, actor, redemption, now)
    return redemption


def _looked_at(session: Session, actor: Actor, redemption_id: int) -> tuple[Reward, RewardKind]:
    asked = get_redemption(session, redemption_id)
    require_decider(actor, asked.person_id)
    reward = get_reward(session, asked.reward_id)
    return reward, kind_of(reward.kind)


def _require_may_go(session: Session, redemption: Redemption, now: datetime) -> None:
    require_rested(session, redemption.id, now)
    if refusal := stops(session, redemption, now):
        raise refusal


def _require_card(session: Session, reward: Reward, redemption_id: int) -> None:
    """Refuses: CardNotThere, OrderUnderWay, where a card comes with a code and there is none yet."""
    if source_of(reward.kind, reward.options) is Source.HAND or look_of(session, holder_of(redemption_id)) is not None:
        return
    order = order_of(session, redemption_id)
    raise OrderUnderWay() if order is not None and order.state in OPEN else CardNotThere()


def _renew(session: Session, reward: Reward, redemption: Redemption, now: datetime) -> None:
    """Refuses: NoCodeLeft, where the code lapsed while it was set aside and there is no other one."""
    if not renew_card(session, reward, redemption, now):
        raise NoCodeLeft()


def _open_card(session: Session, reward: Reward, redemption: Redemption) -> str:
    """Let the person look at their code, and return which mail tells them; nothing of the kind where a card is bought by hand."""
    if source_of(reward.kind, reward.options) is Source.HAND:
        return ""
    hand_code(session, holder=holder_of(redemption.id))
    return "card_ready"


def _spend(session: Session, actor: Actor, redemption: Redemption, now: datetime) -> None:
    count_sent(session, redemption, now)
    assert redemption.hold_id is not None
    key = f"redemption:{redemption.id}:capture"
    redemption.capture_id = capture(session, actor, hold_id=redemption.hold_id, key=key, reason="reward.fulfilled", now=now).id
    session.flush()
