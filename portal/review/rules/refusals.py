"""What is refused around reviewing, each with its facts and a sentence."""

from portal.kernel.errors import Conflict, NotAllowed, Refusal
from portal.kernel.text import N_


class DaysOutOfRange(Refusal):
    """A promise of no time, or of a quarter of a year."""

    message = N_("Please enter between 1 and %(most)s business days.")


class LimitOutOfRange(Refusal):
    """A limit nobody meant."""

    message = N_("Please enter between 0 and %(most)s points, or nothing.")
    field = "four_eyes_above"


class HolidayUnreadable(Refusal):
    """A line that begins with no day."""

    message = N_("“%(line)s” does not begin with a day such as 2026-12-25.")
    field = "holidays"


class TooManyHolidays(Refusal):
    """More free days than anybody has."""

    message = N_("Please enter at most %(most)s holidays.")
    field = "holidays"


class AlreadyAssigned(Conflict):
    """Somebody else took it, or gave it to somebody, in the meantime."""

    message = N_("Somebody changed whose this is in the meantime. Nothing was changed; it shows now who has it.")


class NotWaiting(Conflict):
    """What no longer waits needs no owner."""

    message = N_("This has been decided, so nobody needs to take it any more.")


class OwnerMayNotDecide(Refusal):
    """The one who is to decide may not decide on things of this kind, or not on this one."""

    message = N_("This person may not decide on it, so it cannot be theirs.")
    field = "owner"


class SecondApproverNeeded(Conflict):
    """More points than one person may approve."""

    message = N_("This is worth more than %(limit)s points, so two people have to approve it.")


class SecondMustBeAnother(NotAllowed):
    """The same person a second time is no second pair of eyes."""

    message = N_("You gave the first approval. Somebody else has to give the second.")


class SecondTooNew(NotAllowed):
    """A role or permission that was given a moment ago, or by the other of the two, makes no second pair of eyes. Fact: from when it does."""

    message = N_("You were given the permission for this only lately. So that two people really look, you can approve it from %(since)s.")


class FirstTooNew(NotAllowed):
    """The other of the two was given theirs a moment ago, or by who decides now. Facts: ``person``, and from when it counts."""

    message = N_("%(person)s was given the permission for this only lately. So that two people really look, you can approve it from %(since)s.")


class NominatorMayNotApprove(NotAllowed):
    """Whoever brought a member here does not approve large points for them."""

    message = N_("You nominated this member, so somebody else has to give one of the two approvals.")


class ViewNameMissing(Refusal):
    """A view is found by its name."""

    message = N_("Please give the view a name.")
    field = "name"


class ViewNameTaken(Conflict):
    """Two views of one name cannot be told apart."""

    message = N_("You have a view of this name already.")
    field = "name"


class TooManyViews(Refusal):
    """More views than fit on a page."""

    message = N_("You can keep %(most)s views. Delete one first.")
    field = "name"


class NothingToKeep(Refusal):
    """A view without any filter is the queue itself."""

    message = N_("Filter the queue first; a view remembers the filter.")
    field = "name"


class NotYourVerdict(NotAllowed):
    """Only who gave a verdict undoes it."""

    message = N_("Somebody else gave this verdict, so only they can undo it.")


class NothingToUndo(Conflict):
    """A decision stands although its decider wants it undone; the sentence says so. Here: something happened since, or it never was there."""

    message = N_("Something happened to it since, so your decision stands.")


class UndoTooLate(NothingToUndo):
    """The minute is over; whoever it is about is told by now."""

    message = N_("A verdict can be undone for one minute. That is over, so it stands.")


class AlreadyUndone(NothingToUndo):
    """A second press."""

    message = N_("It was undone already. Nothing was done twice.")
