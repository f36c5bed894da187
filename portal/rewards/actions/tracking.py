"""Tracking numbers from a list: each parcel that is to be sent is sent with its number. The same list twice is one effect."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.people.queries.persons import names
from portal.rewards.actions.fulfilling import send_redemption
from portal.rewards.actions.moving import as_it_stands
from portal.rewards.kinds.registry import POSTED
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.redemptions import concerned
from portal.rewards.queries.variants import address_of
from portal.rewards.rules.addresses import AddressMissing
from portal.rewards.rules.desk import AnotherNumber, Line, NotByPost, RedemptionUnknown
from portal.rewards.rules.redeeming import require_decider
from portal.rewards.rules.states import SPENT, Move, can


class Does(StrEnum):
    """What a line of the list does: its parcel is sent, or was sent and gets its number, or has that very number already."""

    SENDS = "sends"
    ADDS = "adds"
    NOTHING = "nothing"


def what_it_does(
    line: Line, redemption: Redemption | None, reward: Reward | None, actor: Actor, known: Mapping[int, str], *, has_address: bool
) -> Does:
    """Tell what sending the list would do with the line. ``known`` are the names of all whom the redemption concerns.

    Refuses: what is wrong with the line, RedemptionUnknown, NotByPost, NotAllowed, OwnRedemption, AddressMissing, AnotherNumber, AlreadyHandled.
    """
    if line.refusal is not None:
        raise line.refusal
    if redemption is None or reward is None:
        raise RedemptionUnknown()
    if reward.kind not in POSTED:
        raise NotByPost()
    require_decider(actor, redemption.person_id)
    if redemption.state not in SPENT:
        if not can(Move.SEND, redemption.state):
            raise as_it_stands(redemption, reward.name, known)
        if not has_address:
            raise AddressMissing()
        return Does.SENDS
    tracking = redemption.handed.get("tracking", "")
    if tracking and tracking != line.tracking:
        raise AnotherNumber(tracking=tracking)
    return Does.NOTHING if tracking else Does.ADDS


def send_with_number(session: Session, actor: Actor, *, line: Line, now: datetime) -> Does:
    """Send one parcel with its number, or give the number to one that was sent without, and tell which.

    Refuses as ``what_it_does`` and ``send_redemption`` do.
    """
    # Two lists at once may bring two numbers for one parcel: the row is held until this one is written.
    locked = select(Redemption).where(Redemption.id == (line.redemption_id or 0)).with_for_update(key_share=True)
    redemption = session.scalar(locked.execution_options(populate_existing=True))
    reward = get_reward(session, redemption.reward_id) if redemption else None
    known = names(session, concerned([redemption] if redemption else []))
    has_address = redemption is not None and address_of(session, redemption.id) is not None
    does = what_it_does(line, redemption, reward, actor, known, has_address=has_address)
    given = {name: value for name, value in (("tracking", line.tracking), ("carrier", line.carrier)) if value}
    assert redemption is not None
    if does == Does.SENDS:
        send_redemption(session, actor, redemption_id=redemption.id, handed=given, now=now)
    elif does == Does.ADDS:
        redemption.handed = redemption.handed | given
        session.flush()
        audit.record(session, actor, "redemption.numbered", "redemption", redemption.id, now=now)
    return does
