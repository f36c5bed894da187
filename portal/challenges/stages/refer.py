"""Refer a peer: who, where they may be written to, where they work, with their agreement."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from portal.acts.rules import ActKind
from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import Control, Given, Keep, StageKind, Step, Value
from portal.kernel.errors import Refusal
from portal.kernel.text import N_
from portal.people.rules.person import EMAIL_LENGTH, NAME_LENGTH
from portal.people.rules.throttle import Limit
from portal.referrals.rules import AGREEMENT, COMPANY_LENGTH, WORDS_LENGTH, Peer, cleaned, why_not_complete


def peer_of(value: Value) -> Peer:
    """Return the peer in a stored value."""
    return Peer(*(str(value.get(name) or "") for name in ("name", "email", "company", "words")))


class ReferredPeer(StageKind):
    """Done when name, address and company are there and the peer agreed. Whether we know the address is asked where there is a database."""

    key: ClassVar = "refer"
    name: ClassVar = N_("Refer a peer")
    icon: ClassVar = "user-plus"
    hint: ClassVar = N_("Name and address of somebody who agreed to it. Paid when an admin confirms.")
    counts_as: ClassVar = ActKind.REFERRAL
    options: ClassVar[Mapping[str, Control]] = {
        "about": Control(
            "text", N_("What we would like to talk about with them"), N_("The member reads it, and can tell their peer."), max_length=200
        )
    }
    needs_person: ClassVar = True
    # An answer tells whether an address has reached us, so nobody asks for many.
    tries: ClassVar = Limit("refer", 20, timedelta(days=1))
    asked_by: ClassVar = "challenges/stages/_refer_asked.html"
    held_in: ClassVar = (("is_erased",), ("name", "email", "company", "is_agreed"))
    shown_by: ClassVar = "challenges/stages/_refer.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return fields for the peer, and the box of their agreement."""
        return {
            "peer_name": Control("text", N_("Their name"), max_length=NAME_LENGTH),
            "peer_email": Control("email", N_("Their e-mail address"), max_length=EMAIL_LENGTH),
            "peer_company": Control("text", N_("Where they work"), max_length=COMPANY_LENGTH),
            "words": Control("textarea", N_("A few words, if you like"), N_("Why them, and how you know each other."), max_length=WORDS_LENGTH),
            "agreed": Control("checkbox", AGREEMENT),
        }

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return the peer so far."""
        peer = peer_of(value)
        told = {"peer_name": peer.name, "peer_email": peer.email, "peer_company": peer.company}
        return {**told, "words": peer.words, "agreed": bool(value.get("is_agreed"))}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the peer, cleaned, with the language in which the agreement was read."""
        names = ("peer_name", "peer_email", "peer_company", "words")
        peer = cleaned(Peer(*(str(given.get(name) or "") for name in names)))
        told = {"name": peer.name, "email": peer.email, "company": peer.company, "words": peer.words.replace("\r\n", "\n")}
        return {**told, "is_agreed": bool(given.get("agreed")), "language": step.language}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse an empty step, what is missing about the peer, and no agreement."""
        peer = peer_of(value)
        if not (peer.name or peer.email):
            return StepMissing(step=step.title)
        return why_not_complete(peer, is_agreed=value.get("is_agreed") is True)

    def unfinished(self, step: Step, value: Value) -> Value:
        """Return no peer who has not agreed, or cannot be listed with the others: only their member has read them."""
        return value if value.get("is_erased") or self.problem(step, value) is None else {}
