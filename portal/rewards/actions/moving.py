"""How a redemption moves from state to state: one guarded update decides who was first. And who is told of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.ledger.actions.holding import release
from portal.notifications.actions import notify
from portal.people.queries.persons import admins, names, recipient
from portal.rewards.models import Redemption, Reward
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.redemptions import get_redemption, handled
from portal.rewards.rules.refusals import STANDS
from portal.rewards.rules.states import REACHED_FROM, State


def move(session: Session, actor: Actor, redemption_id: int, to: State, *, now: datetime, **values: Any) -> tuple[Redemption, bool]:
    """Move a redemption to ``to`` and return it with True; the same actor's second click returns it with False.

    Refuses: AlreadyHandled, with who did what and when.
    """
    ready = update(Redemption).where(Redemption.id == redemption_id, Redemption.state.in_(sorted(REACHED_FROM[to])))
    moved = ready.values(state=to.value, **values).returning(Redemption.id).execution_options(synchronize_session=False)
    is_new = session.execute(moved).scalar() is not None
    redemption = get_redemption(session, redemption_id, is_fresh=True)
    if not is_new:
        _require_own_repeat(session, actor, redemption, to)
    return redemption, is_new


def _require_own_repeat(session: Session, actor: Actor, redemption: Redemption, to: State) -> None:
    by, at = handled(redemption)
    if redemption.state == to and by == actor.id:
        return
    known = names(session, [person for person in (by, redemption.person_id) if person is not None])
    reward = get_reward(session, redemption.reward_id).name
    person = known.get(redemption.person_id, "")
    raise STANDS[State(redemption.state)](reward=reward, person=person, by=known.get(by or 0, "–"), at=at, state=redemption.state)


def put_back(session: Session, redemption: Redemption) -> None:
    """Put the piece back on the shelf, if it came from one that is still counted."""
    if redemption.has_stock:
        counted = update(Reward).where(Reward.id == redemption.reward_id, Reward.stock.is_not(None))
        session.execute(counted.values(stock=Reward.stock + 1).execution_options(synchronize_session=False))


def give_back(session: Session, actor: Actor, redemption: Redemption, *, now: datetime) -> None:
    """Give stock and held points back, before fulfilment."""
    put_back(session, redemption)
    assert redemption.hold_id is not None
    key, reason = f"redemption:{redemption.id}:release", f"reward.{redemption.state}"
    release(session, actor, hold_id=redemption.hold_id, key=key, reason=reason, now=now)


def tell_person(session: Session, redemption: Redemption, kind: str, now: datetime) -> None:
    """Tell the person what happened to their redemption, in the inbox and by mail."""
    data = {"reward": get_reward(session, redemption.reward_id).name, "points": redemption.price}
    data |= {name: value for name, value in (("reason", redemption.reason), ("delivery", redemption.delivery)) if value}
    to = recipient(session, redemption.person_id)
    notify(session, to=to, kind=kind, data=data, key=f"redemption:{redemption.id}:{redemption.state}", now=now, link="/rewards/mine")


def tell_admins(session: Session, redemption: Redemption, kind: str, now: datetime, *, mail_to: int | None = None) -> None:
    """Put a line into the inbox of each admin but the person. No mail, since the queue is worked daily, except to the admin ``mail_to``."""
    person = names(session, [redemption.person_id]).get(redemption.person_id, "")
    data = {"reward": get_reward(session, redemption.reward_id).name, "points": redemption.price, "person": person}
    for admin in admins(session):
        if admin.person_id != redemption.person_id:
            link = f"/admin/rewards/redemptions/{redemption.id}"
            key = f"redemption:{redemption.id}:{kind.removeprefix('redemption_')}"
            notify(session, to=admin, kind=kind, data=data, key=key, now=now, link=link, mail=admin.person_id == mail_to)
