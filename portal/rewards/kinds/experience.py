"""An experience on one of several dates, each with its seats."""

from collections.abc import Mapping
from typing import ClassVar

from portal.kernel.text import N_
from portal.rewards.kinds.contract import Comes, RewardKind
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.states import State


class Experience(RewardKind):
    key = Kind.EXPERIENCE
    look = ("track-earn", "sparkles")
    hint = N_("The member picks one of your dates; the seats of a date are its stock. Without dates you agree on one with them.")
    comes = Comes.DATES
    words: ClassVar[Mapping[State, str]] = {State.APPROVED: N_("Approved, seat to be confirmed"), State.SENT: N_("Seat confirmed")}
    told: ClassVar[Mapping[State, str]] = {
        State.APPROVED: N_("Your seat is set aside; we confirm it soon."),
        State.SENT: N_("Your seat is confirmed."),
    }
    has_it = (
        N_("I was there"),
        N_("%(days)s days after its day it counts as received by itself. If it does not take place, write to us before."),
    )
    send = (N_("Confirm the seat"), N_("The seat is confirmed. The held points are spent."))
