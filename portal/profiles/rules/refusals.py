"""Why something about a profile is refused."""

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_


class CannotMove(Conflict):
    """No such way leads on from where the profile stands: somebody else was faster, or the page was old."""

    message = N_("This profile stands elsewhere by now. Nothing was done; here is how it stands.")


class ReasonMissing(Refusal):
    """A move without a reason."""

    message = N_("Please say why, in a few words.")
    field = "reason"


class RestOver(Refusal):
    """A rest that ends today or did so before is none."""

    message = N_("A rest ends on a day to come. Leave it empty for a rest until somebody ends it.")
    field = "rests_until"


class OwnWish(Refusal):
    """Who took themself out comes back by their own word alone."""

    message = N_("%(name)s asked not to be a reference any more. Only they can take that back.")


class NothingAgreed(Refusal):
    """A rest that ends by their yes alone."""

    message = N_("%(name)s has agreed to nothing now. Write down what they agree to, or let them choose it on their own page.")


class PersonGone(Refusal):
    """A profile of somebody who has no account any more, or is no customer."""

    message = N_("%(name)s is no customer’s person, or was deactivated.")
    field = "person"


class NobodyKnown(Refusal):
    """No person has this address or name."""

    message = N_("We know nobody by this address. Add them under People, or nominate them.")
    field = "person"


class HasProfile(Conflict):
    """Opened before."""

    message = N_("There is a profile already.")
    field = "person"


class DaysReversed(Refusal):
    """The last day lies before the first."""

    message = N_("The last day lies before the first.")
    field = "last_on"


class DaysOver(Refusal):
    """Nobody is asked in the past."""

    message = N_("These days are over.")
    field = "last_on"


class YesOver(Refusal):
    """A yes that would end before it is given."""

    message = N_("This day is over. Choose a later one, or none.")

    def __init__(self, field: str = "") -> None:
        super().__init__()
        self.field = field


class TooManyDays(Refusal):
    """More entries than anybody needs."""

    message = N_("At most %(most)s times off stand here. Remove one that is not needed.")
    field = "first_on"


class TooManyWords(Refusal):
    """More words than help anybody who searches."""

    message = N_("At most %(most)s words of one kind, each at most %(length)s characters long.")


class EvidenceMissing(Refusal):
    """Consent that nobody can look up."""

    message = N_("Add a file, or write down where and when they agreed: without that, nobody can look it up.")
    field = "evidence"


class ConsentTheirs(Refusal):
    """What the customer gave or ruled out themself is theirs to change."""

    message = N_("%(name)s said this themself. Only they can change it.")
    field = "activity"


class NoSlotLess(Refusal):
    """A limit that is no lower one."""

    message = N_("That is not less than now: %(most)s.")
    field = "most"


class AnsweredBefore(Conflict):
    """Of two answers the first one counts."""

    message = N_("Somebody answered this already. Nothing was changed.")


class NoteMissing(Refusal):
    """Changed, but what?"""

    message = N_("Please say what changed, so that somebody can write it down.")
    field = "note"


class NoneTicked(Refusal):
    """A button for several without any."""

    message = N_("Tick at least one profile.")
