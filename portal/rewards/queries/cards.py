"""Orders at the provider, what its balance was, and what runs low. Codes themselves are known to the vault alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.rewards.models.cards import AskedCard, CardBalance, CardOrder, CardShelf, CardTerms
from portal.rewards.models.offering import Reward
from portal.rewards.rules.cards import LOW_BALANCE_CENTS, OrderState, Source, holder_of, low_at, reward_on, spare_shelf
from portal.rewards.rules.kinds import Kind, RewardState
from portal.vault.models import VaultCode
from portal.vault.queries import Lapsing, counts_of, lapsing_on, looks_of, unreadable
from portal.vault.rules import SOON_DAYS, CodeState
from portal.web.paging import Page, page_by

MOST_NAMED = 200


def comes_from(source: Source) -> ColumnElement[bool]:
    """Return the condition that a reward's cards come from there."""
    return and_(Reward.kind == Kind.GIFT_CARD, func.coalesce(Reward.options["source"].as_string(), "") == source.value)


@dataclass(frozen=True)
class Running:
    """What an admin has to see to: rewards whose codes run low with how many are left, and those whose codes lapse soon, the balance where it is
    low or not known, orders in doubt, and codes whose key is gone. ``low_balance`` is below which it is low.
    """

    low: list[tuple[Reward, int]]
    lapsing: list[tuple[Reward, Lapsing]]
    balance: CardBalance | None
    doubts: int
    unreadable: int
    low_balance: int

    @property
    def is_quiet(self) -> bool:
        """Tell whether there is nothing to see to."""
        return not (self.low or self.lapsing or self.balance or self.doubts or self.unreadable)


def asked_card(session: Session, redemption_id: int) -> AskedCard | None:
    """Return what card a redemption is for, or None where that is no card with a code."""
    return session.get(AskedCard, redemption_id)


def asked_cards(session: Session, redemption_ids: Iterable[int]) -> dict[int, AskedCard]:
    """Return what cards redemptions are for, by redemption, in one statement, or none where there are no redemptions."""
    ids = list(redemption_ids)
    found = session.scalars(select(AskedCard).where(AskedCard.redemption_id.in_(ids))) if ids else ()
    return {card.redemption_id: card for card in found}


def spare_cards(session: Session) -> list[tuple[CardShelf, int]]:
    """Return which cards lie spare, and how many of each, in two statements; the first of very many kinds."""
    shelves = {
        spare_shelf(shelf.id): shelf for shelf in session.scalars(select(CardShelf).order_by(CardShelf.product, CardShelf.id).limit(MOST_NAMED))
    }
    counts = counts_of(session, list(shelves))
    return [(shelf, counts[name].free) for name, shelf in shelves.items() if counts[name].free]


def late_cards(session: Session, redemption_ids: Iterable[int], now: datetime) -> set[int]:
    """Return for which redemptions a code is set aside that lapsed before they got it, in one statement, or none where there are no redemptions."""
    holders = {holder_of(redemption_id): redemption_id for redemption_id in redemption_ids}
    today = local_date(now, programme_zone(session))
    return {holders[holder] for holder, look in looks_of(session, holders).items() if look.is_late(today)} if holders else set()


def order_of(session: Session, redemption_id: int) -> CardOrder | None:
    """Return the newest order of a redemption, or None."""
    newest = select(CardOrder).where(CardOrder.redemption_id == redemption_id).order_by(CardOrder.turn.desc())
    return session.scalar(newest.limit(1))


def orders_of(session: Session, redemption_ids: Sequence[int]) -> dict[int, CardOrder]:
    """Return the newest order of each redemption that has one, in one statement."""
    if not redemption_ids:
        return {}
    found = session.scalars(select(CardOrder).where(CardOrder.redemption_id.in_(redemption_ids)).order_by(CardOrder.turn))
    return {order.redemption_id: order for order in found}


def balance_at_provider(session: Session) -> CardBalance | None:
    """Return what the provider said last, or None while it was never asked."""
    return session.get(CardBalance, 1)


def low_balance_of(session: Session) -> int:
    """Return below how many hundredths of its currency the provider's balance is low."""
    found = session.get(CardTerms, 1)
    return LOW_BALANCE_CENTS if found is None else found.low_cents


def running_low(session: Session, now: datetime) -> Running:
    """Return what has to be seen to, in six statements at most whatever there is."""
    offered = select(Reward).where(Reward.state == RewardState.LIVE, comes_from(Source.VAULT)).order_by(Reward.stock, Reward.id).limit(MOST_NAMED)
    low = [(reward, reward.stock or 0) for reward in session.scalars(offered) if (reward.stock or 0) <= low_at(reward.options)]
    lapsing = _lapsing(session, now)
    least = low_balance_of(session)
    balance = balance_at_provider(session) if session.info.get("has_card_provider") else None
    is_told = balance is not None and (balance.failed_at is not None or (balance.cents is not None and balance.cents < least))
    doubts = session.scalar(select(func.count()).select_from(CardOrder).where(CardOrder.state == OrderState.DOUBT)) or 0
    return Running(low, lapsing, balance if is_told else None, doubts, unreadable(session), least)


def _lapsing(session: Session, now: datetime) -> list[tuple[Reward, Lapsing]]:
    """Return rewards whose free codes lapse soon, those first whose codes lapse first; one statement where there are none."""
    soon = lapsing_on(session, local_date(now, programme_zone(session)) + timedelta(days=SOON_DAYS))
    by_reward = {reward_id: found for shelf, found in soon.items() if (reward_id := reward_on(shelf)) is not None}
    if not by_reward:
        return []
    rewards = session.scalars(select(Reward).where(Reward.id.in_(by_reward), comes_from(Source.VAULT)).limit(MOST_NAMED))
    return sorted(((reward, by_reward[reward.id]) for reward in rewards), key=lambda pair: (pair[1].first, pair[0].id))


def vault_rewards(session: Session, *, after: str | None = None) -> Page:
    """Return a page of the rewards whose cards come from the vault, or of which it still holds codes that nobody has, newest first."""
    shelf = literal("reward:") + cast(Reward.id, String)
    lies = select(VaultCode.id).where(VaultCode.shelf == shelf, VaultCode.state.in_((CodeState.FREE, CodeState.STAGED))).exists()
    listed = select(Reward).where(Reward.kind == Kind.GIFT_CARD, or_(comes_from(Source.VAULT), lies))
    return page_by(session, listed, ((Reward.id, True),), after=after)
