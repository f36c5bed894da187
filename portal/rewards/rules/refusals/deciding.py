"""Why a redemption is not moved on."""

from portal.kernel.errors import Conflict, NotAllowed, Refusal
from portal.kernel.text import N_
from portal.rewards.rules.states import State


class AlreadyHandled(Conflict):
    """The redemption has moved on; tells who did it and when. One subclass a state, so that the sentence can be translated whole."""

    message = N_("“%(reward)s” for %(person)s is not at this step any more. Nothing was done.")


class NotYetApproved(AlreadyHandled):
    """It waits for approval first."""

    message = N_("“%(reward)s” for %(person)s is still waiting for approval. Approve it first.")


class AlreadyApproved(AlreadyHandled):
    """Somebody approved it."""

    message = N_("“%(reward)s” for %(person)s was approved by %(by)s, %(at)s. Nothing was done twice.")


class AlreadyOrdered(AlreadyHandled):
    """Somebody ordered it."""

    message = N_("“%(reward)s” for %(person)s was ordered by %(by)s, %(at)s. Nothing was done twice.")


class AlreadySent(AlreadyHandled):
    """Somebody sent it, or handed it over."""

    message = N_("“%(reward)s” for %(person)s was sent by %(by)s, %(at)s. Nothing was done twice.")


class AlreadyReceived(AlreadyHandled):
    """It arrived."""

    message = N_("“%(reward)s” for %(person)s was marked as received by %(by)s, %(at)s. Nothing was done twice.")


class AlreadyFailed(AlreadyHandled):
    """It could not be delivered; somebody has to try again or give it up."""

    message = N_("“%(reward)s” for %(person)s was marked as not deliverable by %(by)s, %(at)s. Nothing was done twice.")


class AlreadyEnded(AlreadyHandled):
    """Somebody gave it up."""

    message = N_("“%(reward)s” for %(person)s was given up by %(by)s, %(at)s. Nothing was done twice.")


class AlreadyDeclined(AlreadyHandled):
    """Somebody declined it."""

    message = N_("“%(reward)s” for %(person)s was declined by %(by)s, %(at)s. Nothing was done twice.")


class AlreadyCancelled(AlreadyHandled):
    """The person called it off."""

    message = N_("“%(reward)s” for %(person)s was cancelled by %(by)s, %(at)s. Nothing was done twice.")


class AlreadyReturned(AlreadyHandled):
    """Somebody took it back."""

    message = N_("“%(reward)s” for %(person)s was returned by %(by)s, %(at)s. Nothing was done twice.")


STANDS: dict[State, type[AlreadyHandled]] = {
    State.REQUESTED: NotYetApproved,
    State.APPROVED: AlreadyApproved,
    State.ORDERED: AlreadyOrdered,
    State.SENT: AlreadySent,
    State.RECEIVED: AlreadyReceived,
    State.FAILED: AlreadyFailed,
    State.DECLINED: AlreadyDeclined,
    State.CANCELLED: AlreadyCancelled,
    State.ENDED: AlreadyEnded,
    State.RETURNED: AlreadyReturned,
}


class NotToBeOrdered(Conflict):
    """Nothing is ordered for this kind."""

    message = N_("“%(reward)s” is not ordered from anybody. Hand it over when you have it.")


class OwnRedemption(NotAllowed):
    """Nobody decides on what they asked for themselves."""

    message = N_("This is your own redemption. Another admin has to decide on it.")


class ShownAtTheDoor(Conflict):
    """A ticket is used when it is shown, and nobody says so beforehand."""

    message = N_("A ticket is noted as used when it is shown at the door.")


class NamedInSign(NotAllowed):
    """A sign of misuse speaks of the one who would approve."""

    message = N_("You decided nearly all of this member’s paid answers, far more than of others’. Please let somebody else look at this one.")


class ReadFirst(Conflict):
    """Something speaks for reading it before it is approved, so it is not approved with many others."""

    message = N_("%(why)s Please open it by itself.")


class TicketUsed(Conflict):
    """Somebody was let in with it before."""

    message = N_("This ticket was used already, %(at)s. Nobody else is let in with it.")


class TicketNumberMissing(Refusal):
    """Nothing was typed at the door."""

    message = N_("Please type the number on the ticket.")
    field = "number"


class TicketUnknown(Refusal):
    """No ticket has this number."""

    message = N_("No ticket has this number. Please look at it again.")
    field = "number"


class ReasonNeeded(Refusal):
    """Saying no, or taking back, needs a reason."""

    message = N_("Please give a reason. The person will read it.")
    field = "reason"
