"""A gift card that somebody buys and hands over."""

from collections.abc import Mapping
from typing import ClassVar

from portal.kernel.text import N_
from portal.rewards.kinds.contract import RewardKind
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.states import State


class GiftCard(RewardKind):
    key = Kind.GIFT_CARD
    look = ("track-earn", "gift")
    hint = N_("You buy the card and send it to the member yourself, then mark it as handed over.")
    words: ClassVar[Mapping[State, str]] = {State.SENT: N_("Handed over")}
    told: ClassVar[Mapping[State, str]] = {State.APPROVED: N_("We buy your card next.")}
