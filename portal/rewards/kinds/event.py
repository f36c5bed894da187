"""A ticket for an event, with its date and place."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from portal.kernel.text import N_
from portal.rewards.kinds.contract import Control, Fact, RewardKind, Values
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.states import State


class EventTicket(RewardKind):
    key = Kind.EVENT
    look = ("track-engage", "ticket")
    hint = N_("A ticket for one date and place, which the member reads with it. The stock is the number of tickets.")
    options: ClassVar[Mapping[str, Control]] = {
        "happens_on": Control("day", N_("Date of the event")),
        "place": Control("text", N_("Place"), N_("Where it is, as on a ticket."), max_length=160),
    }
    is_shown = True
    words: ClassVar[Mapping[State, str]] = {
        State.APPROVED: N_("Approved, ticket to be given"),
        State.SENT: N_("Ticket given"),
        State.RECEIVED: N_("Ticket used"),
    }
    told: ClassVar[Mapping[State, str]] = {
        State.APPROVED: N_("Your ticket is being written."),
        State.SENT: N_("Show this ticket at the door, on your phone or on paper. See you there!"),
    }
    send = (N_("Give the ticket"), N_("The ticket is theirs. The held points are spent."))

    def day(self, options: Values) -> date | None:
        return date.fromisoformat(options["happens_on"]) if options.get("happens_on") else None

    def facts(self, options: Values, answers: Values, handed: Values, state: State) -> list[Fact]:
        return [Fact(N_("Place"), options["place"])] if options.get("place") else []
