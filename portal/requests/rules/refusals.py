"""Why a request, a proposal or an answer is refused: each with its facts and a sentence."""

from portal.kernel.errors import Conflict, NotAllowed, NotFound, Refusal
from portal.kernel.text import N_


class RequestMoved(Conflict):
    """The request does not stand any more as it was shown."""

    message = N_("This request has moved on meanwhile: %(state)s. Nothing was changed.")


class RequestUnknown(NotFound):
    """No such request, or not of this reader: one answer for both."""


class ThroughAdmin(NotAllowed):
    """Who is of tier 2 or 3 is proposed by an admin."""

    field = "who"

    message = N_("This person is asked through an admin only. Send the request, and an admin takes it up.")


class ProposedBefore(Conflict):
    """Who was written to, or whose account owner said no, is proposed once for a request."""

    message = N_("This person was proposed for this request before.")


class AskedForThem(Conflict):
    """One customer speaks to one prospect once: another request has them for the same prospect and the same kind."""

    message = N_("This person is proposed or asked for the same prospect already, by another request. Nobody is asked twice for one thing.")


class NobodyToPropose(Refusal):
    """Nobody is called so whom the reader may know of and propose: one answer, whether there is such a person or not."""

    message = N_("There is nobody called “%(text)s” whom you may propose. Admins know of more: let one find somebody, or look among the references.")
    field = "who"


class PickedMeanwhile(Conflict):
    """Another time was picked in another window, or by staff."""

    message = N_("Another time is settled by now: it stands above. Press once more to move it.")


class Disputed(Conflict):
    """Something about a meeting of which the two sides do not say the same, before an admin has decided."""

    message = N_("One side says that it took place, the other that it did not. An admin decides that first.")


class DecidedBefore(Conflict):
    """An admin decided what happened, or put it right, in another window, or another admin did."""

    message = N_("%(name)s decided meanwhile, on %(when)s: %(what)s Nothing was changed.")


class RulingReason(Refusal):
    """An admin decides what happened, or puts it right, and does not say why."""

    message = N_("Please say in a few words why. The requester, the account owner and the customer read it.")
    field = "reason"


class CurrencyMissing(Refusal):
    """A value of nothing."""

    message = N_("Say in which currency, by three letters such as EUR.")
    field = "currency"


class NoReference(Conflict):
    """Shut out, retired or held as a reference, or one who said never to this."""

    message = N_("%(name)s is not to be asked for this as a reference.")
    field = "who"


class NoAddress(Conflict):
    """Somebody who cannot be written to."""

    message = N_("There is no e-mail address of %(name)s here, so nobody can be written to.")


class NotToBeAskedNow(Conflict):
    """Something stands against writing to the customer, for a reader who may know neither who it is nor what: no name, no reason."""

    message = N_("This customer cannot be asked now, and nothing was sent. The account owner or an admin can tell why.")


class AnsweredBefore(Conflict):
    """Answered in another window, or by another link."""

    message = N_("You have answered already. Nothing was changed.")


class YesMeanwhile(Conflict):
    """A no from a page that saw the question open, after a yes was given elsewhere."""

    message = N_("You said yes meanwhile, and nothing was changed. If you cannot after all, say so here below.")


class NotNeeded(Conflict):
    """The request ended, or somebody else is asked."""

    message = N_("This is not needed any more. Thank you all the same.")


class OneAtATime(Conflict):
    """A request has one candidate at a time."""

    message = N_("Somebody is proposed for this request already. Take that back first.")


class DayPast(Refusal):
    """Needed by a day that is over."""

    message = N_("This day is over. Choose today or a later one.")
    field = "needed_by"


class WhatMissing(Refusal):
    """Sent without something that it needs."""

    message = N_("Please fill this in before you send it.")


class CodeNeeded(Refusal):
    """A no without a reason from the list."""

    message = N_("Please choose why.")
    field = "code"


class ColleagueNeeded(Refusal):
    """A colleague would be better, but none is named."""

    message = N_("Please name the colleague, so that they can be asked.")
    field = "colleague"


class NoSlots(Refusal):
    """Yes to a meeting, but no time for it."""

    message = N_("Offer at least one time; three make it easy.")
    field = "slot1"


class SlotPast(Refusal):
    """A time that is over, or as good as."""

    message = N_("This time is over, or less than an hour away.")


class SlotTooFar(Refusal):
    """A time beyond what anybody plans."""

    message = N_("This time is more than %(days)s days away.")


class SlotTwice(Refusal):
    """The same time twice, or two that overlap."""

    message = N_("This time overlaps with another one that you offer.")


class SlotOff(Refusal):
    """A day that was ruled out."""

    message = N_("On this day there are no meetings with you, as your profile says.")


class SlotNever(Refusal):
    """A time that the clocks jump over."""

    message = N_("This time does not exist on that day: the clocks are changed.")


class SlotGone(Conflict):
    """Picked, but not offered, or over by now."""

    message = N_("This time is not offered any more. Please choose another one.")


class ToldUsAlready(Conflict):
    """The prospect said it in another window, or no time is left of which it could be said."""

    message = N_("You have told us already. Nothing was changed.")


class WhyNeeded(Refusal):
    """A prospect who cannot come, and does not say why."""

    message = N_("Please say in a few words why.")
    field = "said"


class LengthUnknown(Refusal):
    """A length that does not fit what is arranged."""

    message = N_("Choose one of the lengths that are offered.")
    field = "minutes"


class TooEarly(Conflict):
    """Nobody can say yet how it went."""

    message = N_("This has not taken place yet. You are asked afterwards.")


class HeldAlready(Conflict):
    """The meeting has begun: what follows is what was said of it, and no request ends around it."""

    message = N_("The meeting has begun, so this stays as it is. Say how it went instead.")


class NoMeeting(Conflict):
    """What needs no meeting has no time of its own."""

    message = N_("This needs no meeting. Say whether it was done instead.")


class LengthNeeded(Refusal):
    """A meeting without a length, or with one that none has."""

    message = N_("A meeting takes from 1 to %(most)s minutes.")
    field = "minutes"


class ToldAlready(Conflict):
    """Somebody said that it took place: when it did is not changed under their words."""

    message = N_("It has been said already that it took place. Nothing was changed.")


class OutsideLater(Refusal):
    """Written down as over, and still to come."""

    message = N_("This is not over yet. What is written down here has taken place.")
    field = "day"


class OutsideBefore(Refusal):
    """Written down as of a time before anybody asked for it."""

    message = N_("This was before the request was sent.")
    field = "day"


class SaidBefore(Conflict):
    """Each side says once what happened."""

    message = N_("You have said already what happened. Nothing was changed.")


class GradeNeeded(Refusal):
    """It took place, and the requester says how it went."""

    message = N_("Please say how it went.")
    field = "grade"


class DealClosed(Conflict):
    """The outcome stands."""

    message = N_("It is noted already what became of this deal.")


class ClosedLater(Refusal):
    """A deal closes on a day that has come."""

    message = N_("This day is still to come.")
    field = "closed_on"


class DealUnknown(Refusal):
    """No request was sent for a deal of this reference."""

    message = N_("No request here is for this deal.")
    field = "deal"
