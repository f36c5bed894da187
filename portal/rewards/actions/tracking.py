"""Tracking numbers from a list: each parcel that is to be sent is sent with its number. The same list twice is one effect."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.rewards.actions.fulfilling import send_redemption
from portal.rewards.kinds.registry import POSTED
from portal.rewards.models import Redemption, Reward
from portal.rewards.rules.desk import AnotherNumber, Line, RedemptionUnknown
from portal.rewards.rules.states import SPENT


def is_known(line: Line, redemption: Redemption | None, reward: Reward | None) -> bool:
    """Tell whether the line's parcel has that very number already. Refuses: what is wrong with the line, RedemptionUnknown, AnotherNumber."""
    if line.refusal is not None:
        raise line.refusal
    if redemption is None or reward is None or reward.kind not in POSTED:
        raise RedemptionUnknown()
    tracking = redemption.handed.get("tracking", "")
    if redemption.state in SPENT and tracking != line.tracking:
        raise AnotherNumber(tracking=tracking or "–")
    return redemption.state in SPENT


def send_with_number(session: Session, actor: Actor, *, line: Line, now: datetime) -> bool:
    """Send one parcel with its number; False where it has it already. Refuses as ``is_known`` and ``send_redemption`` do."""
    redemption = session.get(Redemption, line.redemption_id or 0)
    reward = session.get(Reward, redemption.reward_id) if redemption else None
    if is_known(line, redemption, reward):
        return False
    assert redemption is not None
    send_redemption(session, actor, redemption_id=redemption.id, handed={"tracking": line.tracking, "carrier": line.carrier}, now=now)
    return True
