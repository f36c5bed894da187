"""Spare cards: made and paid for, and nobody's. They are given to whoever asks for such a card next, before another is ordered."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.rewards.models.cards import AskedCard, CardOrder, CardShelf
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.cards import asked_card
from portal.rewards.queries.catalogue import locked_reward
from portal.rewards.rules.cards import Wanted, card_in, holder_of, shelf_of, spare_shelf
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.undoing import CardChanged
from portal.vault.actions import handing, stocking
from portal.vault.rules import Card, NoCodeLeft


def note_asked(session: Session, reward: Reward, redemption: Redemption) -> None:
    """Write down what card is asked for, as its reward says now: that is ordered and counted, whatever the reward says later. Once."""
    card = card_in(reward.kind, reward.options)
    if card is not None and asked_card(session, redemption.id) is None:
        about = {"product": card.product, "amount_cents": card.amount_cents or None, "currency": card.currency}
        session.add(AskedCard(redemption_id=redemption.id, **about, value_cents=reward.value_cents))
        session.flush()


def follow_product(session: Session, reward: Reward, redemption: Redemption) -> None:
    """Let what failed and is tried again have today's product, where that is a card of the same amount; what was asked for stays otherwise."""
    asked, today = asked_card(session, redemption.id), card_in(reward.kind, reward.options)
    if asked is not None and today is not None and (asked.amount_cents, asked.currency) == (today.amount_cents, today.currency):
        asked.product = today.product
        session.flush()


def require_same_card(session: Session, reward: Reward, redemption: Redemption) -> None:
    """Let a redemption stand again only for the card that was asked for, and keep others from changing that until this unit of work ends.

    Refuses: CardChanged, where the reward's cards come from elsewhere by now, or have another amount.
    """
    if reward.kind != Kind.GIFT_CARD:
        return
    reward = locked_reward(session, reward.id)
    asked, today = asked_card(session, redemption.id), card_in(reward.kind, reward.options)
    before = None if asked is None else (bool(asked.product), asked.amount_cents or 0, asked.currency)
    if before != (None if today is None else (bool(today.product), today.amount_cents, today.currency)):
        raise CardChanged()


def spares_for(session: Session, redemption_id: int) -> str:
    """Return the shelf on which a card lies that was bought for a redemption and comes back; empty where it is not known what card that is."""
    asked = asked_card(session, redemption_id)
    if asked is None or not asked.product or not asked.amount_cents:
        return ""
    return _shelf(session, Wanted(asked.product, asked.amount_cents, asked.currency))


def take_spare(session: Session, redemption: Redemption, now: datetime) -> bool:
    """Set a spare card aside for who asked for such a one, and tell whether there was one."""
    asked = asked_card(session, redemption.id)
    if asked is None or not asked.product or not asked.amount_cents:
        return False
    about = (CardShelf.product == asked.product, CardShelf.amount_cents == asked.amount_cents, CardShelf.currency == asked.currency)
    number = session.scalar(select(CardShelf.id).where(*about))
    if number is None:
        return False
    try:
        handing.take_code(session, shelf=spare_shelf(number), holder=holder_of(redemption.id), onto=shelf_of(redemption.reward_id), now=now)
    except NoCodeLeft:
        return False
    return True


def keep_late(session: Session, order: CardOrder, card: Card) -> bool:
    """Keep a card whose answer came when nobody waited for it any more; tells whether it was not known yet."""
    wanted = Wanted(order.product, order.amount_cents, order.currency)
    return stocking.keep_spare(session, shelf=_shelf(session, wanted), card=card)


def _shelf(session: Session, wanted: Wanted) -> str:
    """Return the shelf of such cards, new where there is none."""
    about = (CardShelf.product == wanted.product, CardShelf.amount_cents == wanted.amount_cents, CardShelf.currency == wanted.currency)
    found = select(CardShelf.id).where(*about)
    number = session.scalar(found)
    if number is None:
        maker = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        values = {"product": wanted.product, "amount_cents": wanted.amount_cents, "currency": wanted.currency}
        session.execute(maker.insert(CardShelf).values(**values).on_conflict_do_nothing(index_elements=list(values)))
        number = session.scalars(found).one()
    return spare_shelf(number)
