"""How a redemption moves from state to state: one guarded update decides who was first. And who is told of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.ledger.actions.holding import release
from portal.ledger.queries.transfers import get_transfer
from portal.notifications.actions import notify
from portal.people.queries.persons import admins, names, recipient
from portal.rewards.actions.codes import take_code_back, watch_low
from portal.rewards.actions.counting import note_back
from portal.rewards.actions.returns import came_back
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.firsts import firsts_of
from portal.rewards.queries.redemptions import concerned, get_redemption, handled
from portal.rewards.rules.auto import ApprovedByRule
from portal.rewards.rules.refusals.deciding import STANDS, AlreadyApproved, AlreadyHandled
from portal.rewards.rules.states import WAYS, Move, State, Way


def move(session: Session, actor: Actor, redemption_id: int, verb: Move, *, now: datetime, **values: Any) -> tuple[Redemption, bool]:
    """Make one move and return the redemption with True; the same actor's second click returns it with False.

    Refuses: AlreadyHandled, with who did what and when.
    """
    way = WAYS[verb]
    values |= {"state": way.to.value, f"{way.kept_in}_by": actor.id, f"{way.kept_in}_at": now}
    ready = update(Redemption).where(Redemption.id == redemption_id, Redemption.state.in_(sorted(way.come_from)))
    moved = ready.values(**values).returning(Redemption.id).execution_options(synchronize_session=False)
    is_new = session.execute(moved).scalar() is not None
    redemption = get_redemption(session, redemption_id, is_fresh=True)
    if not is_new:
        _require_own_repeat(session, actor, redemption, way)
    return redemption, is_new


def _require_own_repeat(session: Session, actor: Actor, redemption: Redemption, way: Way) -> None:
    is_done = redemption.state == way.to and getattr(redemption, f"{way.kept_in}_at") is not None
    if is_done and getattr(redemption, f"{way.kept_in}_by") == actor.id:
        return
    raise as_it_stands(redemption, get_reward(session, redemption.reward_id).name, names(session, concerned([redemption])))


def as_it_stands(redemption: Redemption, reward: str, known: Mapping[int, str]) -> AlreadyHandled:
    """Return the refusal that says how far a redemption is, who moved it there and when. ``known`` are the names of all ``concerned``."""
    by, at = handled(redemption)
    person = known.get(redemption.person_id, "")
    stands = STANDS[State(redemption.state)]
    if stands is AlreadyApproved and by is None:
        stands = ApprovedByRule
    return stands(reward=reward, person=person, by=known.get(by or 0, "–"), at=at, state=redemption.state)


def put_back(session: Session, redemption: Redemption, *, tell_at: datetime | None = None) -> None:
    """Put the piece back on the shelf that it came from, if that is still counted, and tell who waits for it, no sooner than ``tell_at``.

    Its code goes back too, unless somebody has seen it: then there is no piece.
    """
    if not take_code_back(session, redemption) or not redemption.has_stock:
        return
    shelf, its_id = (RewardVariant, redemption.variant_id) if redemption.variant_id else (Reward, redemption.reward_id)
    counted = update(shelf).where(shelf.id == its_id, shelf.stock.is_not(None)).values(stock=shelf.stock + 1).returning(shelf.stock)
    left = session.execute(counted.execution_options(synchronize_session=False)).scalar()
    if left is None:
        redemption.has_stock = False  # Nothing is counted there any more: an undo takes nothing anew either.
        return
    note_back(session, redemption)
    assert redemption.released_at is not None
    reward_id, variant_id = redemption.reward_id, redemption.variant_id
    came_back(session, reward_id=reward_id, variant_id=variant_id, pieces=1, left=left, now=redemption.released_at, tell_at=tell_at)
    watch_low(session, get_reward(session, reward_id), redemption.released_at, tells=False)


def give_back(session: Session, actor: Actor, redemption: Redemption, *, now: datetime, tell_at: datetime | None = None) -> None:
    """Give stock and held points back, before it was sent. Who waits for the piece is told no sooner than ``tell_at``."""
    put_back(session, redemption, tell_at=tell_at)
    assert redemption.hold_id is not None
    held = get_transfer(session, redemption.hold_id)
    # What is held anew after an undo has a key of its own, and so has its end.
    key, reason = held.key.replace(":hold", ":release"), f"reward.{redemption.state}"
    release(session, actor, hold_id=redemption.hold_id, key=key, reason=reason, now=now)


def told_key(redemption: Redemption) -> str:
    """Return the key under which the state of a redemption is told. What is decided once more, or tried again, is told of again."""
    turn = redemption.retried_at
    if redemption.state == State.DECLINED:
        turn = redemption.released_at
    elif redemption.state == State.APPROVED:
        turn = max((moment for moment in (turn, redemption.approved_at) if moment is not None), default=None)
    return f"redemption:{redemption.id}:{redemption.state}{f':{micros(turn)}' if turn else ''}"


def tell_person(session: Session, redemption: Redemption, kind: str, now: datetime, *, mail: bool = True, mail_at: datetime | None = None) -> None:
    """Tell the person what happened to their redemption, in the inbox and by mail, which waits until ``mail_at``."""
    data = {"reward": get_reward(session, redemption.reward_id).name, "points": redemption.price}
    said = (("reason", redemption.reason), ("delivery", redemption.delivery), ("told", _told(session, redemption)))
    data |= {name: value for name, value in said if value}
    to, link = recipient(session, redemption.person_id), f"/rewards/redemptions/{redemption.id}"
    notify(session, to=to, kind=kind, data=data, key=told_key(redemption), now=now, link=link, mail=mail, mail_at=mail_at)


def _told(session: Session, redemption: Redemption) -> str:
    """Return what the kind tells with what was sent, marked for translation, where nobody wrote a message with it."""
    if redemption.state != State.SENT or redemption.delivery:
        return ""
    return kind_of(get_reward(session, redemption.reward_id).kind).told.get(State.SENT, "")


def stopped_key(redemption: Redemption) -> str:
    """Return the key under which the person is told that what was approved waits."""
    return f"{told_key(redemption)}:stopped"


def tell_stopped(session: Session, redemption: Redemption, now: datetime, *, mail_at: datetime | None = None) -> None:
    """Tell the person, once, that what was approved waits: what they may not accept, or a missing form. Why exactly is on its page."""
    data = {"reward": get_reward(session, redemption.reward_id).name, "points": redemption.price}
    to, link = recipient(session, redemption.person_id), f"/rewards/redemptions/{redemption.id}"
    notify(session, to=to, kind="redemption_stopped", data=data, key=stopped_key(redemption), now=now, link=link, mail_at=mail_at)


def record_and_tell(
    session: Session,
    actor: Actor,
    redemption: Redemption,
    now: datetime,
    *,
    name: str = "",
    mail: bool = True,
    mail_at: datetime | None = None,
    kind: str = "",
) -> None:
    """Record the move under ``name``, which is the new state if not given, and tell the person. What was handed over stays out of the record.

    ``kind`` is the mail that tells of it, where that is not the one of the move.
    """
    name = name or redemption.state
    about: dict[str, Any] = {word: value for word, value in (("reason", redemption.reason), ("delivery", redemption.delivery)) if value}
    if redemption.approved_at == now and (first := firsts_of(session, [redemption.id]).get(redemption.id)):
        about["first_by_id"] = first.by_id
    audit.record(session, actor, f"redemption.{name}", "redemption", redemption.id, now=now, **about)
    tell_person(session, redemption, kind or f"redemption_{name}", now, mail=mail, mail_at=mail_at)


def tell_admins(session: Session, redemption: Redemption, kind: str, now: datetime, *, mail_to: int | None = None, turn: int = 1) -> None:
    """Put a line into the inbox of each admin but the person. No mail, since the queue is worked daily, except to the admin ``mail_to``.

    What is said once is not said again; ``turn`` is which order it is about, since another one may come to the same.
    """
    person = names(session, [redemption.person_id]).get(redemption.person_id, "")
    data = {"reward": get_reward(session, redemption.reward_id).name, "points": redemption.price, "person": person}
    for admin in admins(session):
        if admin.person_id != redemption.person_id:
            link = f"/admin/rewards/redemptions/{redemption.id}"
            key = f"redemption:{redemption.id}:{kind.removeprefix('redemption_')}{f':{turn}' if turn > 1 else ''}"
            notify(session, to=admin, kind=kind, data=data, key=key, now=now, link=link, mail=admin.person_id == mail_to)
