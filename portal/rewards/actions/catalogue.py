"""Writing, offering and stocking rewards. For admins; what was redeemed keeps its price whatever happens here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.kernel.text import fold
from portal.rewards.actions.codes import follow_source, require_own_count, watch_low
from portal.rewards.actions.counting import is_counted, note_change, note_movement
from portal.rewards.actions.returns import came_back, offered_again
from portal.rewards.kinds.contract import read
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward
from portal.rewards.queries.catalogue import get_reward, is_redeemed, locked_reward
from portal.rewards.queries.conditions import get_conditions
from portal.rewards.queries.variants import variants_of
from portal.rewards.rules.cards import require_worth, source_of, worth_in
from portal.rewards.rules.conditions import require_limit
from portal.rewards.rules.kinds import UNIT, Kind, RewardState
from portal.rewards.rules.limits import MOST_STOCK, require_change, require_publishable, require_reward, require_stock
from portal.rewards.rules.refusals.editing import KindFixed
from portal.rewards.rules.refusals.stock import StockCounted, StockInVariants, StockOutOfRange, StockTooLow, StockUncounted
from portal.rewards.rules.stock import Why


def add_reward(
    session: Session,
    actor: Actor,
    *,
    name: str,
    kind: Kind | str,
    price: int,
    summary: str = "",
    text: str = "",
    terms: str = "",
    stock: int | None = None,
    limit_per_person: int | None = None,
    picture_id: int | None = None,
    key: str | None = None,
    now: datetime,
) -> Reward:
    """Write a new reward as a draft and return it; a repeated ``key`` returns the first one.

    ``stock`` and ``limit_per_person`` None are without limit. Refuses: NotAllowed, NameMissing, PriceOutOfRange, StockOutOfRange, LimitOutOfRange.
    """
    _require_admin(actor)
    require_reward(name=name, price=price, limit=limit_per_person)
    require_stock(stock)
    reward = Reward(
        name=name,
        kind=Kind(kind).value,
        price=price,
        summary=summary,
        text=text,
        terms=terms,
        options={},
        stock=stock,
        limit_per_person=limit_per_person,
        picture_id=picture_id,
        search_key=_search_key(name, summary),
        unit=UNIT,
        state=RewardState.DRAFT.value,
        made_by=key,
        created_at=now,
        changed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(reward)
            session.flush()
    except IntegrityError as error:
        if not violated(error, "reward", "made_by"):
            raise
        return session.scalars(select(Reward).where(Reward.made_by == key)).one()
    if stock is not None:
        note_movement(session, actor.id, why=Why.ADDED, reward_id=reward.id, pieces=stock, now=now)
    audit.record(session, actor, "reward.added", "reward", reward.id, now=now, reward=name, price=price, stock=stock)
    return reward


def change_reward(
    session: Session,
    actor: Actor,
    *,
    reward_id: int,
    name: str,
    kind: Kind | str,
    price: int,
    summary: str,
    text: str,
    terms: str = "",
    limit_per_person: int | None,
    picture_id: int | None,
    now: datetime,
    seen: str | None = None,
) -> Reward:
    """Change what a reward says and costs from now on. Its stock is changed by ``adjust_stock``, what its kind needs by ``set_options``.

    Refuses as ``add_reward`` does, what changed since it was ``seen`` (``ChangedMeanwhile``), KindFixed once somebody redeemed it
    or it has variants, and what a kind needs of what is offered.
    """
    _require_admin(actor)
    require_reward(name=name, price=price, limit=limit_per_person)
    reward = get_reward(session, reward_id)
    session.refresh(reward, with_for_update={"key_share": True})
    if reward.state == RewardState.LIVE:
        require_publishable(summary)
    if Kind(kind) != reward.kind:
        _require_free_kind(session, reward, Kind(kind))
        follow_source(session, actor, reward, kind, reward.options, now)
        if (worth := worth_in(kind, reward.options)) is not None:
            reward.value_cents = worth
    new = {
        "name": name,
        "kind": Kind(kind).value,
        "price": price,
        "summary": summary,
        "text": text,
        "terms": terms,
        "limit_per_person": limit_per_person,
        "picture_id": picture_id,
    }
    changed = {field: value for field, value in new.items() if getattr(reward, field) != value}
    if not changed:
        return reward
    require_seen(seen_values(reward), seen)
    if "limit_per_person" in changed:
        require_limit(get_conditions(session, reward_id).period, limit_per_person)
    for field, value in changed.items():
        setattr(reward, field, value)
    reward.search_key, reward.changed_at = _search_key(name, summary), now
    session.flush()
    audit.record(session, actor, "reward.changed", "reward", reward.id, now=now, changed=changed)
    return reward


def seen_values(reward: Reward) -> dict[str, Any]:
    """Return what the editor shows of a reward; the picture stays unless another comes."""
    return {field: getattr(reward, field) for field in ("name", "kind", "price", "summary", "text", "terms", "limit_per_person")}


def publish_reward(session: Session, actor: Actor, *, reward_id: int, now: datetime) -> Reward:
    """Offer a draft or retired reward. A second click is nothing. Refuses: NotAllowed, SummaryMissing, what its kind needs, CardValueMissing."""
    reward = locked_reward(session, reward_id)
    require_publishable(reward.summary)
    if flaw := kind_of(reward.kind).flaw(reward.options):
        raise flaw
    if reward.state != RewardState.LIVE:
        require_worth(reward.kind, reward.options, reward.value_cents)
    return _set_state(session, actor, reward_id, RewardState.LIVE, "reward.published", now)


def retire_reward(session: Session, actor: Actor, *, reward_id: int, now: datetime) -> Reward:
    """Take a reward off the shelf. What was redeemed stays. A second click is nothing. Refuses: NotAllowed."""
    return _set_state(session, actor, reward_id, RewardState.RETIRED, "reward.retired", now)


def set_options(session: Session, actor: Actor, *, reward_id: int, given: Mapping[str, Any], now: datetime, seen: str | None = None) -> Reward:
    """Say what the reward's kind asks for: a date, a link, causes. An amount in US dollars is the card's value from now on.

    Refuses: NotAllowed, what the kind finds wrong, ProviderMissing, SourceFixed, what changed since it was ``seen`` (ChangedMeanwhile), and
    CardValueMissing where a card that is offered would have none.
    """
    _require_admin(actor)
    reward = locked_reward(session, reward_id)
    kind = kind_of(reward.kind)
    options = kind.tidied(read(kind.options, given))
    if flaw := kind.flaw(options):
        raise flaw
    if options != reward.options:
        require_seen(seen_options(reward), seen)
        follow_source(session, actor, reward, reward.kind, options, now)
        _follow_amount(reward, options)
        reward.options, reward.changed_at = options, now
        session.flush()
        watch_low(session, reward, now)
        audit.record(session, actor, "reward.details_changed", "reward", reward.id, now=now, changed=sorted(options))
    return reward


def seen_options(reward: Reward) -> dict[str, Any]:
    """Return what the form of the details shows."""
    return read(kind_of(reward.kind).options, reward.options)


def _follow_amount(reward: Reward, options: Mapping[str, Any]) -> None:
    """Let the value of a card follow its amount. What was its amount before, and is not any more, is no value either. Refuses: CardValueMissing."""
    before, after = worth_in(reward.kind, reward.options), worth_in(reward.kind, options)
    if before is not None or after is not None:
        reward.value_cents = after
    if reward.state == RewardState.LIVE and (before is not None or source_of(reward.kind, reward.options) is not source_of(reward.kind, options)):
        require_worth(reward.kind, options, reward.value_cents)


def adjust_stock(session: Session, actor: Actor, *, reward_id: int, change: int, key: str | None = None, now: datetime) -> int:
    """Add to the stock, or take away from it, and return what is left. The form with the same ``key`` again changes nothing.

    Refuses: NotAllowed, StockUncounted, StockTooLow, StockOutOfRange, OtherChange, and StockIsVault where codes are the stock.
    """
    _require_admin(actor)
    require_change(change)
    require_own_count(session, reward_id)
    reward = locked_reward(session, reward_id)
    if is_counted(session, actor, key=key, reward_id=reward_id, change=change):
        return reward.stock or 0
    counted = update(Reward).where(Reward.id == reward_id, Reward.stock + change >= 0, Reward.stock + change <= MOST_STOCK)
    left: int | None = session.execute(_plain(counted.values(stock=Reward.stock + change, changed_at=now).returning(Reward.stock))).scalar()
    if left is None:
        stock = session.scalar(select(Reward.stock).where(Reward.id == reward_id))
        if stock is None:
            raise StockUncounted()
        raise StockTooLow(stock=stock, taken=-change) if change < 0 else StockOutOfRange(most=MOST_STOCK)
    note_change(session, actor, why=Why.CHANGED, key=key, reward_id=reward_id, change=change, now=now)
    came_back(session, reward_id=reward_id, pieces=change, left=left, now=now)
    audit.record(session, actor, "reward.stock_adjusted", "reward", reward_id, now=now, change=change, stock=left)
    return left


def count_stock(session: Session, actor: Actor, *, reward_id: int, stock: int, now: datetime) -> None:
    """Begin to count a reward that never ran out before. Refuses: NotAllowed, StockOutOfRange, StockCounted, StockInVariants, StockIsVault."""
    _require_admin(actor)
    require_stock(stock)
    require_own_count(session, reward_id)
    locked_reward(session, reward_id)  # a variant that is being added comes before or after, not between
    if variants_of(session, reward_id):
        raise StockInVariants()
    begun = update(Reward).where(Reward.id == reward_id, Reward.stock.is_(None)).values(stock=stock, changed_at=now).returning(Reward.id)
    if session.execute(_plain(begun)).scalar() is None:
        raise StockCounted()
    note_movement(session, actor.id, why=Why.COUNTED, reward_id=reward_id, pieces=stock, now=now)
    audit.record(session, actor, "reward.stock_counted", "reward", reward_id, now=now, stock=stock)


def uncount_stock(session: Session, actor: Actor, *, reward_id: int, now: datetime) -> None:
    """Offer a reward without end from now on. A second click is nothing. Refuses: NotAllowed, StockIsVault."""
    _require_admin(actor)
    require_own_count(session, reward_id)
    left = locked_reward(session, reward_id).stock
    ended = update(Reward).where(Reward.id == reward_id, Reward.stock.is_not(None)).values(stock=None, changed_at=now).returning(Reward.id)
    if session.execute(_plain(ended)).scalar() is not None:
        note_movement(session, actor.id, why=Why.UNCOUNTED, reward_id=reward_id, pieces=-(left or 0), now=now)
        offered_again(session, reward_id=reward_id, now=now)
        audit.record(session, actor, "reward.stock_uncounted", "reward", reward_id, now=now)


def _require_free_kind(session: Session, reward: Reward, kind: Kind) -> None:
    if is_redeemed(session, reward.id) or variants_of(session, reward.id):
        raise KindFixed()
    if reward.state == RewardState.LIVE and (flaw := kind_of(kind).flaw(reward.options)):
        raise flaw
    if reward.state == RewardState.LIVE:
        require_worth(kind, reward.options, reward.value_cents)


def _set_state(session: Session, actor: Actor, reward_id: int, state: RewardState, name: str, now: datetime) -> Reward:
    _require_admin(actor)
    reward = get_reward(session, reward_id)
    moved = update(Reward).where(Reward.id == reward_id, Reward.state != state.value).values(state=state.value, changed_at=now)
    if session.execute(_plain(moved.returning(Reward.id))).scalar() is not None:
        if state == RewardState.LIVE:
            offered_again(session, reward_id=reward_id, now=now)
        audit.record(session, actor, name, "reward", reward_id, now=now)
    session.refresh(reward)
    return reward


def _plain(statement: Any) -> Any:
    """Let the database alone decide: rows in the session are not compared in Python."""
    return statement.execution_options(synchronize_session=False)


def _require_admin(actor: Actor) -> None:
    if not actor.is_admin:
        raise NotAllowed()


def _search_key(name: str, summary: str) -> str:
    return fold(f"{name} {summary}")[:400]
