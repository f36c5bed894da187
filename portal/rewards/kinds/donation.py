"""A gift to a good cause that the member chooses."""

from collections.abc import Mapping
from typing import ClassVar

from portal.kernel.text import N_
from portal.rewards.kinds.checks import lines_of
from portal.rewards.kinds.contract import Control, Fact, RewardKind, Values, is_theirs
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.states import State


class Donation(RewardKind):
    key = Kind.DONATION
    look = ("track-engage", "hand-heart")
    hint = N_("The member chooses one of the causes you list. Mark it as given when you have paid.")
    options: ClassVar[Mapping[str, Control]] = {
        "causes": Control("lines", N_("Causes to choose from"), N_("One a line. Empty: there is nothing to choose."), max_length=2000),
        "thanks": Control("text", N_("Words of confirmation"), N_("The member reads them once it is given."), max_length=400),
    }
    words: ClassVar[Mapping[State, str]] = {State.APPROVED: N_("Approved, to be given"), State.SENT: N_("Given")}
    told: ClassVar[Mapping[State, str]] = {State.APPROVED: N_("We give it with the next transfer.")}
    has_it = (N_("I have seen it"), N_("After %(days)s days it counts as received by itself."))
    send = (N_("Mark as given"), N_("Given. The held points are spent."))

    def tidied(self, options: Values) -> dict[str, str]:
        """Each cause once."""
        return {name: "\n".join(lines_of(said)) if name == "causes" else said for name, said in options.items()}

    def asks(self, options: Values) -> Mapping[str, Control]:
        causes = lines_of(options.get("causes", ""))
        return {"cause": Control("one", N_("Which cause?"), choices=causes, is_required=True)} if causes else {}

    def facts(self, options: Values, answers: Values, handed: Values, state: State) -> list[Fact]:
        cause = [Fact(N_("Cause"), answers["cause"])] if answers.get("cause") else []
        return cause + ([Fact(N_("With thanks"), options["thanks"])] if options.get("thanks") and is_theirs(state) else [])
