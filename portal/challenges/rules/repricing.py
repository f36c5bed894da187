"""Paying past completions the new points: what each would get, who decides, and how far it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict, NotAllowed, Refusal
from portal.kernel.text import N_

KIND = "repricing"
REASON, REASON_UNDONE = "challenge.repriced", "challenge.reprice_undone"
WORDS_LENGTH = 500


class RepricingState(StrEnum):
    """Waiting for a second admin → running → done; declined or withdrawn; and from done reversing → reversed, once.

    What a second admin approved is undone by two as well: undo asked first, back to done where the second declines.
    """

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    UNDO_ASKED = "undo_asked"
    REVERSING = "reversing"
    REVERSED = "reversed"


REPRICING_STATE_NAMES = {
    RepricingState.WAITING: N_("Waits for a second admin"),
    RepricingState.RUNNING: N_("Being paid"),
    RepricingState.DONE: N_("Paid"),
    RepricingState.DECLINED: N_("Declined"),
    RepricingState.WITHDRAWN: N_("Withdrawn"),
    RepricingState.UNDO_ASKED: N_("A second admin has to undo it"),
    RepricingState.REVERSING: N_("Being undone"),
    RepricingState.REVERSED: N_("Undone"),
}
UNDER_WAY = (RepricingState.RUNNING, RepricingState.REVERSING)
TO_DECIDE = (RepricingState.WAITING, RepricingState.UNDO_ASKED)
OPEN = (*TO_DECIDE, *UNDER_WAY)
UNSEEN = (RepricingState.DONE, *UNDER_WAY)
"""In these points move, or moved and stand: counted where nobody else looked."""


class LineState(StrEnum):
    """One completion: planned → paid, or skipped because it stands otherwise by now; undone with the whole, or taken back with its approval."""

    PLANNED = "planned"
    PAID = "paid"
    SKIPPED = "skipped"
    UNDONE = "undone"
    TAKEN_BACK = "taken_back"


class NothingToReprice(Refusal):
    """Everybody has what the current version pays."""

    message = N_("Everybody who completed this was paid what it is worth today. There is nothing to pay.")


class RepricingReasonMissing(Refusal):
    """The members read why."""

    message = N_("Please give a reason. Everybody whose points change will read it.")
    field = "reason"


class RepricingOpen(Conflict):
    """One at a time for a challenge."""

    message = N_("New points for past completions of this challenge wait or are being paid already. Wait until that is over.")


class RepricingChanged(Conflict):
    """What would be paid is not what was shown."""

    message = N_(
        "Something changed since you looked: it would be %(total)s points for %(people)s completions now. Nothing was paid; please look again."
    )


class RepricingSettled(Conflict):
    """It was decided, withdrawn or undone meanwhile."""

    message = N_("This has gone on since you opened the page. Here is how it stands now.")


class RepricingOutdated(Conflict):
    """What was asked for is not what the challenge is worth any more."""

    message = N_("A newer version of this challenge was published since then, so this is not paid. Whoever asked can withdraw it and ask anew.")


class RepricingRuns(Conflict):
    """The worker pays, or takes back, from the approval on."""

    message = N_("The members are being paid already, so this cannot be undone here. On the page of the new points it is taken back as a whole.")


class LaterRepricingStands(Conflict):
    """Differences lie on top of each other: the newest comes off first."""

    message = N_("The points were changed once more since then, and that stands. Undo the newest change first.")


class OwnRepricing(NotAllowed):
    """Nobody decides on a change of their own points."""

    message = N_("One of these completions is your own, so another admin has to do this.")


class AskedForRepricing(NotAllowed):
    """Who asked is not the second pair of eyes."""

    message = N_("You asked for this, so another admin has to decide.")


@dataclass(frozen=True)
class Group:
    """Completions of one version that were paid alike: how many, what each was paid, and what each would be paid now."""

    version: int
    paid: int
    points: int
    people: int

    @property
    def difference(self) -> int:
        return self.points - self.paid

    @property
    def total(self) -> int:
        return self.difference * self.people


@dataclass(frozen=True)
class Forecast:
    """What paying the new points would come to.

    ``alone`` is what the admin who looks moved like this in the same month with nobody else looking, anywhere.
    ``would_owe`` people have less than what would be taken. Left out are ``partial`` completions, which a reviewer paid in part,
    and ``own`` ones of the admin who looks.
    """

    version: int
    points: int
    groups: Sequence[Group] = ()
    would_owe: int = 0
    partial: int = 0
    own: int = 0
    alone: int = 0

    @property
    def people(self) -> int:
        return sum(group.people for group in self.groups)

    @property
    def total(self) -> int:
        return sum(group.total for group in self.groups)

    @property
    def moved(self) -> int:
        """How many points move, given and taken together."""
        return sum(abs(group.total) for group in self.groups)

    @property
    def unseen(self) -> int:
        """What moves together with what the admin moved ``alone``: what a limit is compared with, so that cutting it in pieces wins nothing."""
        return self.moved + self.alone


def require_repricing(forecast: Forecast, *, seen_people: int, seen_total: int, reason: str) -> str:
    """Return the reason. Refuses nothing to pay, no reason, and what is no longer as it was shown (``RepricingChanged``)."""
    if not forecast.people:
        raise NothingToReprice()
    said = reason.strip()[:WORDS_LENGTH]
    if not said:
        raise RepricingReasonMissing()
    if (seen_people, seen_total) != (forecast.people, forecast.total):
        raise RepricingChanged(people=forecast.people, total=forecast.total)
    return said


def require_second_for(actor: Actor, *, asked_by_id: int | None, is_among: bool) -> None:
    """Refuses who is no admin, who asked (``AskedForRepricing``), and whose own completion is among them (``OwnRepricing``)."""
    if not actor.is_admin:
        raise NotAllowed()
    if actor.id is not None and actor.id == asked_by_id:
        raise AskedForRepricing()
    if is_among:
        raise OwnRepricing()
