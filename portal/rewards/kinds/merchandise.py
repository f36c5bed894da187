"""Things: ordered, packed, sent to an address."""

from collections.abc import Mapping
from typing import ClassVar

from portal.kernel.text import N_
from portal.rewards.kinds.contract import Comes, Control, Fact, RewardKind, Values
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.states import State


class Merchandise(RewardKind):
    key = Kind.MERCHANDISE
    look = ("track-endorse", "shirt")
    hint = N_("The member picks a variant and gives an address. You order it, send it, and may add a tracking number.")
    gives: ClassVar[Mapping[str, Control]] = {
        "carrier": Control("text", N_("Carrier"), max_length=60),
        "tracking": Control("text", N_("Tracking number"), max_length=80),
    }
    comes = Comes.VARIANTS
    needs_address = True
    is_ordered = True
    words: ClassVar[Mapping[State, str]] = {State.APPROVED: N_("Approved, to be ordered")}
    called_off = N_("Somebody may be packing it already; we tell them at once.")
    send = (N_("Mark as sent"), N_("Sent. The held points are spent."))
    told: ClassVar[Mapping[State, str]] = {
        State.APPROVED: N_("We order it next."),
        State.ORDERED: N_("We have ordered it and send it as soon as it is here."),
        State.SENT: N_("It is on its way to you."),
    }

    def facts(self, options: Values, answers: Values, handed: Values, state: State) -> list[Fact]:
        carrier = [Fact(N_("Carrier"), handed["carrier"])] if handed.get("carrier") else []
        return carrier + ([Fact(N_("Tracking number"), handed["tracking"], "code")] if handed.get("tracking") else [])
