"""Something behind a link, theirs as soon as it is approved."""

from collections.abc import Mapping
from typing import ClassVar

from portal.kernel.text import N_
from portal.rewards.kinds.contract import Control, Fact, RewardKind, Values, is_theirs
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.states import State


class InstantDigital(RewardKind):
    key = Kind.DIGITAL
    look = ("track-earn", "download")
    hint = N_("The member gets the link as soon as it is approved; there is nothing to send. Everybody gets the same link.")
    options: ClassVar[Mapping[str, Control]] = {
        "link": Control("url", N_("Link to it"), N_("Only who redeemed it reads the link."), max_length=500, is_required=True),
        "note": Control("text", N_("How to use it"), max_length=400),
    }
    is_at_once = True
    words: ClassVar[Mapping[State, str]] = {State.SENT: N_("Link given")}
    told: ClassVar[Mapping[State, str]] = {State.REQUESTED: N_("The link stands here as soon as it is approved.")}

    def facts(self, options: Values, answers: Values, handed: Values, state: State) -> list[Fact]:
        """The link of the day on which it was handed over, whatever the reward says later."""
        if not is_theirs(state):
            return []
        link = [Fact(N_("Link"), handed["link"], "link")] if handed.get("link") else []
        return link + ([Fact(N_("How to use it"), handed["note"])] if handed.get("note") else [])
