"""What somebody hands over in person or arranges: a favour, an introduction, a seat at the table."""

from collections.abc import Mapping
from typing import ClassVar

from portal.kernel.text import N_
from portal.rewards.kinds.contract import RewardKind
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.states import State


class Perk(RewardKind):
    key = Kind.PERK
    look = ("track-endorse", "star")
    hint = N_("You arrange it with the member and mark it as handed over.")
    words: ClassVar[Mapping[State, str]] = {State.APPROVED: N_("Approved, to be handed over"), State.SENT: N_("Handed over")}
    told: ClassVar[Mapping[State, str]] = {
        State.APPROVED: N_("We get in touch with you about it."),
        State.SENT: N_("We get in touch with you about how and where you have it, if we have not yet."),
    }
