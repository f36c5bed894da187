"""A voucher for a discount or a training: a code or a link, valid until a day."""

from collections.abc import Mapping
from typing import ClassVar

from portal.kernel.errors import Refusal
from portal.kernel.text import N_
from portal.rewards.kinds.checks import CodeOrLinkMissing
from portal.rewards.kinds.contract import Control, Fact, RewardKind, Values, is_theirs
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.states import State


class Voucher(RewardKind):
    key = Kind.VOUCHER
    look = ("track-endorse", "graduation-cap")
    hint = N_("For a discount or a training. When you hand it over you enter a code or a link, and until when it is valid.")
    gives: ClassVar[Mapping[str, Control]] = {
        "code": Control("text", N_("Code"), max_length=120),
        "link": Control("url", N_("Link"), max_length=500),
        "valid_until": Control("day", N_("Valid until"), N_("Empty: without an end.")),
    }
    told: ClassVar[Mapping[State, str]] = {State.APPROVED: N_("Your voucher is being written."), State.SENT: N_("Your voucher is here.")}
    words: ClassVar[Mapping[State, str]] = {State.APPROVED: N_("Approved, to be handed over"), State.SENT: N_("Handed over")}

    def shortfall(self, handed: Values) -> Refusal | None:
        if not handed.get("code") and not handed.get("link"):
            return CodeOrLinkMissing()
        return super().shortfall(handed)

    def facts(self, options: Values, answers: Values, handed: Values, state: State) -> list[Fact]:
        """What was handed over, until it is taken back."""
        if not is_theirs(state):
            return []
        found = (
            ("code", Fact(N_("Code"), handed.get("code", ""), "code")),
            ("link", Fact(N_("Link"), handed.get("link", ""), "link")),
            ("valid_until", Fact(N_("Valid until"), handed.get("valid_until", ""), "day")),
        )
        return [fact for name, fact in found if handed.get(name)]
