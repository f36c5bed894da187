"""Why somebody cannot be asked, or an ask not be answered: each refusal with its facts and a sentence."""

from datetime import date

from portal.kernel.errors import Conflict, NotAllowed, NotFound, Refusal
from portal.kernel.text import N_


class Stop(Conflict):
    """Something stands against an ask. One that ``is_final`` no override lifts.

    ``free_on`` is the first day, in the programme's zone, on which it stands no more; None where nobody can tell.
    """

    is_final = False
    free_on: date | None = None

    def __init__(self, **facts: object) -> None:
        super().__init__(**facts)
        found = facts.get("day")
        self.free_on = found if isinstance(found, date) else None


class PersonCapReached(Stop):
    """The person has as many accepted and open asks in their period as they may have."""

    message = N_("%(name)s has %(used)s of %(most)s asks in %(days)s days. A slot frees on %(day)s.")


class PersonTakesNone(Stop):
    """The person's number of asks is zero."""

    message = N_("%(name)s takes no asks.")


class CompanyCapReached(Stop):
    """The people of the company have as many accepted and open asks as they may have together."""

    message = N_("The people of %(company)s have %(used)s of %(most)s asks in %(days)s days. A slot frees on %(day)s.")


class CompanyTakesNone(Stop):
    """The company's number of asks is zero."""

    message = N_("The people of %(company)s take no asks.")


class KindNotWanted(Stop):
    """The person said never to this kind."""

    message = N_("%(name)s does not want to be asked for this kind of thing.")


class MonthOff(Stop):
    """The person, or the company, is not to be asked in this month of the year."""

    message = N_("%(name)s is not to be asked this month. It is possible again from %(day)s.")


class Paused(Stop):
    """The person, or the company, is not to be asked until a day."""

    message = N_("%(name)s is not to be asked for now. It is possible again from %(day)s.")


class Resting(Stop):
    """The person said yes clearly less often lately than before."""

    message = N_("%(name)s has said yes much less often lately and rests. It is possible again from %(day)s.")


class LegalHold(Stop):
    """A legal hold stands. Nothing overrides it."""

    is_final = True
    message = N_("%(name)s is under a legal hold and cannot be asked. An admin can lift it once it is over.")


class OpenEscalation(Stop):
    """An escalation with the customer is open. Nothing overrides it."""

    is_final = True
    message = N_("%(name)s has an open escalation and cannot be asked until it is settled. An admin lifts the block then.")


class NotToBeAsked(Stop):
    """A legal hold or an open escalation, for whoever neither runs the programme nor looks after the company (``rules.seeing``)."""

    is_final = True
    message = N_("%(name)s is not to be asked now. Their account owner and admins know why.")


class NoReferenceAnyMore(Stop):
    """They removed themself, were retired, or said no to being a reference: that is kept, whoever asks. Other things they may be asked for."""

    is_final = True
    message = N_("%(name)s is no reference, or not any more, and is not asked for this. Only they can change that.")


class NoReferenceYet(Stop):
    """They said not now to being a reference."""

    is_final = True
    message = N_("%(name)s does not want to be asked for this now. It is possible again from %(day)s.")


class CannotBeAsked(Stop):
    """No customer's person, or one who is deactivated."""

    is_final = True
    message = N_("%(name)s is not a customer’s person who can be asked.")


class NotHereYet(Refusal):
    """Who has no account is told nothing by the portal, and cannot answer in it."""

    message = N_("%(name)s has no account here yet: nobody would tell them, and they could not answer. Choose another way, and ask them yourself.")
    field = "channel"


class SourceAsks(Conflict):
    """An ask from the same thing waits already."""

    message = N_("This was asked already, and it is not settled yet.")


class KeyUsed(Conflict):
    """The key belongs to another ask."""

    message = N_("This form was used for another ask. Please open it again.")


class KindUnknown(Refusal):
    """No such kind of ask."""

    message = N_("There is no such kind of ask.")
    field = "kind"


class ReasonNeeded(Refusal):
    """An override, a block and a change by an admin each say why. ``also`` is what is missing besides, each told at its own field."""

    message = N_("Please say why.")
    field = "reason"

    def __init__(self, also: tuple[Refusal, ...] = ()) -> None:
        super().__init__()
        self.parts = (ReasonNeeded(), *also) if also else ()


class ApproverNeeded(Refusal):
    """An override names another admin, who is neither who asks nor who is asked."""

    message = N_("Name an active admin who answers for this and who is not you.")
    field = "approver"


class MomentAhead(Refusal):
    """What was asked elsewhere was asked in the past."""

    message = N_("This lies in the future. Enter when it was asked.")
    field = "happened_on"


class MomentTooOld(Refusal):
    """What was asked elsewhere longer ago than anybody counts."""

    message = N_("This is more than %(years)s years ago.")
    field = "happened_on"


class AskUnknown(NotFound):
    """No such ask, or not of this person: one answer for both."""


class AlreadyAnswered(Conflict):
    """The ask was answered, taken back or lapsed before."""

    message = N_("This ask is settled already: %(state)s.")


class HeldBack(Conflict):
    """A legal hold or an open escalation stands: nobody is put in touch by a yes. For readers who may not know which."""

    message = N_("We cannot go on with this just now, and nothing was changed. You need do nothing; whoever asked can tell more.")


class SaidYesMeanwhile(Conflict):
    """A no from a page that saw the ask open, after a yes was given elsewhere."""

    message = N_("You said yes meanwhile, and nothing was changed. If you cannot after all, say so here below.")


class AskLapsed(Conflict):
    """The day by which it was to be answered is over."""

    message = N_("The time to answer this was over on %(day)s. Nothing was changed.")


class SettledElsewhere(Conflict):
    """A room asks for this, and what comes of it follows from what is said there."""

    message = N_("This belongs to a reference request, and is settled there.")


class NotThisOutcome(Conflict):
    """This cannot come of an ask that stands like that."""

    message = N_("That does not fit any more: %(state)s.")


class MinutesInvalid(Refusal):
    """Minutes that nobody spends on one thing."""

    message = N_("Enter minutes between 0 and %(most)s.")
    field = "minutes"


class NotYours(NotAllowed):
    """Only the person asked answers for themself."""

    message = N_("Only the person who was asked can answer here.")


class BlockThere(Conflict):
    """Such a block stands already."""

    message = N_("This block stands already.")


class EndsWithProfile(Conflict):
    """The block was set by the legal hold of the reference profile, and stands as long as that."""

    message = N_("The reference profile of %(name)s is under legal hold. End it there: this block goes with it.")


class BlockGone(Conflict):
    """The block was lifted already, or never stood."""

    message = N_("This block is lifted already.")


class CapInvalid(Refusal):
    """A number of asks or days out of range."""

    message = N_("Enter a whole number between %(least)s and %(most)s.")
    field = "most"


class PauseOver(Refusal):
    """A pause that ends today or did so before pauses nothing."""

    message = N_("A pause ends on a day to come. Leave it empty for no pause.")
    field = "paused_until"


class TooManyPeople(Refusal):
    """More people than one bulk ask takes."""

    message = N_("Ask at most %(most)s people at once.")
    field = "people"


class WhoUnknown(Refusal):
    """Nobody is called this, or has this address."""

    message = N_("Nobody here is called “%(text)s” or has this address. Admins can add people.")
    field = "person"


class WhoUnclear(Refusal):
    """Several people are called this."""

    message = N_("Several people are called “%(text)s”. Choose one from the list, or enter the e-mail address.")
    field = "person"


class AskerUnknown(Refusal):
    """No employee or admin is called this, or several are."""

    message = N_("No colleague, or more than one, is called “%(text)s”. Enter their e-mail address.")
    field = "asked_by"


class OneOfTwo(Refusal):
    """Another system names whom it means in one way."""

    message = N_("Say who is meant by “email” or by “person_id”, not both.")
    field = "email"
