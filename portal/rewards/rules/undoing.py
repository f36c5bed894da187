"""Which decisions on redemptions cannot be undone within the minute, and why."""

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_
from portal.review.rules.refusals import NothingToUndo


class HandedOverWithIt(Conflict):
    """What needs nobody to send it is theirs with the approval."""

    message = N_("It was handed over with the approval, so this cannot be undone. What comes back is taken back on its page.")


class OrderedWithIt(Conflict):
    """The card is being made."""

    message = N_("Its card was ordered with the approval, so this cannot be undone.")


class PieceGone(NothingToUndo):
    """Somebody else took the piece that the decline put back, or its code lapsed."""

    message = N_("There is no piece of it left by now, so the decline stands.")


class CardChanged(NothingToUndo):
    """The reward gives another card by now than the one that was asked for."""

    message = N_("The reward gives another card by now than the one that was asked for, so the decline stands.")


class PointsGone(NothingToUndo):
    """The points that the decline gave back were spent, or paid a debt."""

    message = N_("The member has only %(available)s of the %(needed)s points left, so the decline stands.")


class AskedForAgain(NothingToUndo):
    """Its place within the limit is taken by the same member's new one."""

    message = N_("The member has asked for it again by now, so the decline stands. Decide on the new one.")


class OrderedSince(NothingToUndo):
    """Somebody at the desk ordered it within the minute."""

    message = N_("It was ordered since, so your approval stands.")


class SentSince(NothingToUndo):
    """Somebody at the desk sent it within the minute, or handed it over."""

    message = N_("It was sent since, so your approval stands.")


class CalledOffSince(Conflict):
    """The member does not want it any more."""

    message = N_("The member has called it off since, so there is nothing to undo.")


FINAL: dict[str, type[Refusal]] = {"sent": HandedOverWithIt, "ordered": OrderedWithIt}
SINCE: dict[str, type[Refusal]] = {"was_ordered": OrderedSince, "was_sent": SentSince, "was_received": SentSince, "was_cancelled": CalledOffSince}
"""By ``was_`` and the state in which a redemption that was approved is by now."""
