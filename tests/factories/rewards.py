"""Rewards and redemptions for tests, through the real actions."""

from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.actor import ADMIN, ADVOCATE, Actor, system
from portal.kernel.clock import utcnow
from portal.rewards.actions.catalogue import add_reward, publish_reward, set_options
from portal.rewards.actions.redeeming import Asked, redeem
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.rules.addresses import Address
from portal.rewards.rules.kinds import Kind

_numbers = count(1)
HOME = Address("Amara Okafor", "Harbour Street 4", "20457", "Hamburg", "", "DE")
WITH_ADDRESS = Asked(address=HOME)


def acting(person_id: int, *roles: str) -> Actor:
    """Return a person as actor: an advocate unless ``roles`` says otherwise."""
    return Actor(id=person_id, roles=frozenset(roles or {ADVOCATE}), origin="127.0.0.1")


def as_admin(person_id: int) -> Actor:
    """Return a person as an admin who acts."""
    return acting(person_id, ADMIN)


def make_draft(session: Session, **overrides: Any) -> Reward:
    """Write a reward that is not offered yet: 100 points, never runs out."""
    given = {"name": f"Reward {next(_numbers)}", "summary": "Something nice.", "text": "**All** about it.", "kind": Kind.EVENT, "price": 100}
    return add_reward(session, system("test"), **{"now": utcnow(), **given, **overrides})


def make_reward(session: Session, **overrides: Any) -> Reward:
    """Write and publish a reward."""
    return publish_reward(session, system("test"), reward_id=make_draft(session, **overrides).id, now=utcnow())


def make_digital(session: Session, **overrides: Any) -> Reward:
    """Write and publish a reward that is handed over with its approval."""
    draft = make_draft(session, **{"kind": Kind.DIGITAL} | overrides)
    set_options(session, system("test"), reward_id=draft.id, given={"link": "https://guide.example.com/1"}, now=utcnow())
    return publish_reward(session, system("test"), reward_id=draft.id, now=utcnow())


def make_redemption(session: Session, person_id: int, reward_id: int, **overrides: Any) -> Redemption:
    """Let a person redeem a reward, with an address for a parcel. They need the points."""
    given = {"asked": WITH_ADDRESS, "key": f"form-{next(_numbers)}", "now": utcnow()} | overrides
    return redeem(session, acting(person_id), reward_id=reward_id, **given)
