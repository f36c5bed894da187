"""Codes of gift cards between shelf and member: the stock of a reward from the vault is what the vault holds, in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor, system
from portal.kernel.clock import micros
from portal.kernel.errors import NotAllowed, NotFound
from portal.notifications.actions import notify
from portal.people.queries.persons import admins, names, recipient
from portal.receiving.actions.values import locked_receiver
from portal.rewards.actions.counting import note_movement, note_renewed
from portal.rewards.actions.returns import came_back
from portal.rewards.actions.spares import note_asked, spares_for
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.catalogue import get_reward, locked_reward
from portal.rewards.queries.redemptions import get_redemption
from portal.rewards.queries.worth import resting
from portal.rewards.rules.cards import (
    CodeRests,
    NotFromVault,
    ProviderMissing,
    Source,
    SourceFixed,
    StockIsVault,
    holder_of,
    low_at,
    may_look,
    shelf_of,
    source_of,
)
from portal.rewards.rules.kinds import Kind, RewardState
from portal.rewards.rules.limits import MOST_STOCK
from portal.rewards.rules.redeeming import require_decider, require_reason
from portal.rewards.rules.refusals.redeeming import OutOfStock
from portal.rewards.rules.refusals.stock import StockOutOfRange
from portal.rewards.rules.states import HELD
from portal.rewards.rules.stock import Why
from portal.vault.actions import handing, stocking
from portal.vault.models import CodeBatch
from portal.vault.queries import free_on
from portal.vault.rules import Back, NoCodeLeft, NoCodeYet, Read


def import_codes(session: Session, actor: Actor, *, reward_id: int, filename: str, key: str, read: Read, now: datetime) -> CodeBatch:
    """Keep a list of codes for a reward, staged until it is confirmed; the same form again is the same import. Refuses: NotAllowed, NotFromVault."""
    _vault_reward(session, actor, reward_id)
    batch = stocking.add_batch(session, shelf=shelf_of(reward_id), filename=filename, key=key, read=read, by_id=actor.id, now=now)
    if batch.added_at == now:
        audit.record(session, actor, "reward.codes_read", "reward", reward_id, now=now, batch=batch.id, codes=batch.added, left_out=batch.left_out)
    return batch


def confirm_codes(session: Session, actor: Actor, *, reward_id: int, batch_id: int, now: datetime) -> int:
    """Put an import on the shelf and return how many codes that are. Refuses: NotAllowed, NotFromVault, NotFound, BatchGone, StockOutOfRange."""
    reward = _vault_reward(session, actor, reward_id)
    added = stocking.confirm_batch(session, shelf=shelf_of(reward_id), batch_id=batch_id, now=now)
    if (reward.stock or 0) + added > MOST_STOCK:
        raise StockOutOfRange(most=MOST_STOCK)
    _count(session, actor.id, reward_id, added, Why.CODES_ADDED, now)
    audit.record(session, actor, "reward.codes_added", "reward", reward_id, now=now, batch=batch_id, codes=added)
    return added


def remove_codes(session: Session, actor: Actor, *, reward_id: int, batch_id: int, now: datetime) -> int:
    """Take what is unused of an import out of the vault, confirmed or not, and return how many codes that were. Refuses: NotAllowed, NotFound."""
    if not actor.is_admin:
        raise NotAllowed()
    reward = locked_reward(session, reward_id)
    removed, was_free = stocking.remove_batch(session, shelf=shelf_of(reward_id), batch_id=batch_id, by_id=actor.id, now=now)
    if was_free and source_of(reward.kind, reward.options) is Source.VAULT:
        _count(session, actor.id, reward_id, -removed, Why.CODES_REMOVED, now)
    if removed:
        audit.record(session, actor, "reward.codes_removed", "reward", reward_id, now=now, batch=batch_id, codes=removed)
    return removed


def follow_source(session: Session, actor: Actor, reward: Reward, kind: Kind | str, options: Mapping[str, Any], now: datetime) -> None:
    """Let the stock follow where the cards come from by now. The caller has the reward locked. Refuses: ProviderMissing, SourceFixed."""
    before, after = source_of(reward.kind, reward.options), source_of(kind, options)
    if after is Source.PROVIDER and not session.info.get("has_card_provider"):
        raise ProviderMissing()
    if before is after:
        return
    on_their_way = select(func.count()).select_from(Redemption).where(Redemption.reward_id == reward.id, Redemption.state.in_(HELD))
    if count := session.scalar(on_their_way):
        raise SourceFixed(count=count)
    reward.warned_at = None
    stood, stock = reward.stock, reward.stock
    if after is Source.VAULT:
        stock = free_on(session, shelf_of(reward.id))
    elif after is Source.PROVIDER and before is Source.VAULT:
        stock = None
    if stock != stood:
        reward.stock = stock
        note_movement(session, actor.id, why=Why.SOURCE, reward_id=reward.id, pieces=(stock or 0) - (stood or 0), now=now)


def require_own_count(session: Session, reward_id: int) -> None:
    """Refuses: StockIsVault, where the vault is the stock. Where are cards, nobody changes that until this unit of work ends."""
    reward = get_reward(session, reward_id)
    if reward.kind == Kind.GIFT_CARD:
        reward = locked_reward(session, reward_id)
    if source_of(reward.kind, reward.options) is Source.VAULT:
        raise StockIsVault()


def set_aside(session: Session, reward: Reward, redemption: Redemption, now: datetime) -> None:
    """Write down what card is asked for, and set a code aside for who asks for one from the vault. The piece was taken from the stock just now,
    which holds the reward as it is: where its cards come from is read anew, since it may have changed before. Refuses: OutOfStock.
    """
    if reward.kind != Kind.GIFT_CARD:
        return
    session.refresh(reward, ("options", "value_cents", "stock"))
    note_asked(session, reward, redemption)
    if source_of(reward.kind, reward.options) is not Source.VAULT:
        return
    if not redemption.has_stock:
        raise OutOfStock(reward=reward.name)
    try:
        handing.take_code(session, shelf=shelf_of(reward.id), holder=holder_of(redemption.id), now=now)
    except NoCodeLeft as refusal:
        raise OutOfStock(reward=reward.name) from refusal
    watch_low(session, reward, now)


def renew_card(session: Session, reward: Reward, redemption: Redemption, now: datetime) -> bool:
    """Let another code follow one that lapsed while it was set aside; tells whether there is one to hand over. The redemption is locked."""
    if source_of(reward.kind, reward.options) is not Source.VAULT or not handing.is_late(session, holder=holder_of(redemption.id), now=now):
        return True
    locked_receiver(session, redemption.person_id, now)  # the year of who receives it before any stock
    shelf = shelf_of(locked_reward(session, reward.id).id)
    try:
        with session.begin_nested():
            is_new = handing.renew_code(session, shelf=shelf, holder=holder_of(redemption.id), now=now)
    except NoCodeLeft:
        return False
    if is_new:
        note_renewed(session, redemption, now)
        _move_stock(session, reward.id, -1, now)
        audit.record(session, system(), "redemption.code_renewed", "redemption", redemption.id, now=now)
    return True


def lapse_codes(session: Session, *, reward_id: int, now: datetime) -> int:
    """Take codes whose last day has gone by off the shelf, and out of the stock; return how many. A second time is nothing."""
    reward = locked_reward(session, reward_id)
    lapsed = stocking.lapse_codes(session, shelf=shelf_of(reward_id), now=now)
    if lapsed:
        if source_of(reward.kind, reward.options) is Source.VAULT:
            _count(session, None, reward_id, -lapsed, Why.LAPSED, now)
        audit.record(session, system(), "reward.codes_lapsed", "reward", reward_id, now=now, codes=lapsed)
    return lapsed


def take_code_back(session: Session, redemption: Redemption) -> bool:
    """Take the code of a redemption back, and tell whether there is a piece for the shelf again. What was shown or lapsed is none.

    A card that was bought for it goes to the spare ones.
    """
    reward = get_reward(session, redemption.reward_id)
    if reward.kind != Kind.GIFT_CARD:
        return True
    assert redemption.released_at is not None
    reward = locked_reward(session, redemption.reward_id)
    back = handing.take_back_code(session, holder=holder_of(redemption.id), now=redemption.released_at, spares=spares_for(session, redemption.id))
    return back is Back.SHELF if source_of(reward.kind, reward.options) is Source.VAULT else back is not Back.GONE


def watch_low(session: Session, reward: Reward, now: datetime, *, tells: bool = True) -> None:
    """Tell admins, once, that codes run low; when there are enough again the next time counts anew. The caller has the reward locked.

    Without ``tells`` only the latter: more came, if not enough, and who brought it knows. Of what is not offered nobody is told.
    """
    if source_of(reward.kind, reward.options) is not Source.VAULT:
        return
    session.refresh(reward, ("stock", "warned_at"))
    left = reward.stock or 0
    is_low = left <= low_at(reward.options)
    if is_low == (reward.warned_at is not None) or (is_low and not (tells and reward.state == RewardState.LIVE)):
        return
    reward.warned_at = now if is_low else None
    session.flush()
    for admin in admins(session) if is_low else ():
        data, link, key = {"reward": reward.name, "left": left}, f"/admin/rewards/{reward.id}/codes", f"codes_low:{reward.id}:{micros(now)}"
        notify(session, to=admin, kind="codes_low", data=data, key=key, now=now, link=link)


def reveal_code(session: Session, actor: Actor, *, redemption_id: int, key: str, now: datetime) -> tuple[Any, bool]:
    """Return the card that somebody may look at, and whether this is the look that counts. The door has seen that it is them.

    Who changed the password may not be the member: for a day afterwards nothing is shown. Refuses: NotFound for another's, NoCodeYet, CodeRests,
    ShownAlready, KeyMissing.
    """
    redemption = _own(session, actor, redemption_id)
    session.refresh(redemption, with_for_update={"key_share": True})  # a redemption before its code, as where it is taken back
    if not may_look(redemption.state):
        raise NoCodeYet()
    if until := resting(session, [redemption.person_id], now).get(redemption.person_id):
        raise CodeRests(until=until)
    card, is_first = handing.show_code(session, holder=holder_of(redemption_id), key=key, now=now)
    if is_first:
        audit.record(session, actor, "redemption.code_shown", "redemption", redemption_id, now=now)
    return card, is_first


def keep_code(session: Session, actor: Actor, *, redemption_id: int) -> None:
    """Note that somebody has kept their code: the page that showed it shows it no more. Refuses: NotFound for another's."""
    _own(session, actor, redemption_id)
    handing.close_look(session, holder=holder_of(redemption_id))


def ask_for_code(session: Session, actor: Actor, *, redemption_id: int, now: datetime) -> None:
    """Say that one could not keep the code that was shown; admins hear of it, once. Refuses: NotFound for another's, NoCodeYet."""
    redemption = _own(session, actor, redemption_id)
    if not may_look(redemption.state):
        raise NoCodeYet()
    if handing.ask_again(session, holder=holder_of(redemption_id), now=now):
        audit.record(session, actor, "redemption.code_asked", "redemption", redemption_id, now=now)
        data = {
            "reward": get_reward(session, redemption.reward_id).name,
            "person": names(session, [redemption.person_id]).get(redemption.person_id, ""),
        }
        for admin in admins(session):
            link, key = f"/admin/rewards/redemptions/{redemption_id}", f"redemption:{redemption_id}:code_asked:{micros(now)}"
            notify(session, to=admin, kind="code_asked", data=data, key=key, now=now, link=link, mail=False)


def allow_code(session: Session, actor: Actor, *, redemption_id: int, reason: str, now: datetime) -> None:
    """Let the member look at their code once more. Refuses: NotAllowed, OwnRedemption, ReasonNeeded, NoCodeYet, NotShownYet."""
    redemption = get_redemption(session, redemption_id)
    require_decider(actor, redemption.person_id)
    said = require_reason(reason)
    if not may_look(redemption.state):
        raise NoCodeYet()
    if handing.allow_again(session, holder=holder_of(redemption_id)):
        audit.record(session, actor, "redemption.code_allowed", "redemption", redemption_id, now=now, reason=said)
        data, key = {"reward": get_reward(session, redemption.reward_id).name}, f"redemption:{redemption_id}:code_allowed:{micros(now)}"
        to, link = recipient(session, redemption.person_id), f"/rewards/redemptions/{redemption_id}"
        notify(session, to=to, kind="code_allowed", data=data, key=key, now=now, link=link)


def _own(session: Session, actor: Actor, redemption_id: int) -> Redemption:
    redemption = get_redemption(session, redemption_id)
    if actor.id is None or redemption.person_id != actor.id:
        raise NotFound()
    return redemption


def _vault_reward(session: Session, actor: Actor, reward_id: int) -> Reward:
    if not actor.is_admin:
        raise NotAllowed()
    reward = locked_reward(session, reward_id)
    if source_of(reward.kind, reward.options) is not Source.VAULT:
        raise NotFromVault()
    return reward


def _count(session: Session, by_id: int | None, reward_id: int, change: int, why: Why, now: datetime) -> None:
    if change:
        note_movement(session, by_id, why=why, reward_id=reward_id, pieces=change, now=now)
    _move_stock(session, reward_id, change, now)


def _move_stock(session: Session, reward_id: int, change: int, now: datetime) -> None:
    counted = update(Reward).where(Reward.id == reward_id).values(stock=Reward.stock + change, changed_at=now).returning(Reward.stock)
    left = session.execute(counted.execution_options(synchronize_session=False)).scalar()
    session.expire_all()
    if left is not None:
        came_back(session, reward_id=reward_id, pieces=change, left=left, now=now)
        watch_low(session, get_reward(session, reward_id), now, tells=change < 0)
