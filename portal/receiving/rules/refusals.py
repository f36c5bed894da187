"""Why somebody does not get a reward: each refusal with its facts and a sentence. Points are theirs all the same."""

from portal.kernel.errors import Conflict, NotAllowed, Refusal
from portal.kernel.text import N_


class MayNotAccept(NotAllowed):
    """The person, or their company, accepts no rewards."""

    message = N_("Rewards cannot be accepted here: the rules of the employer do not allow it. The points still count as recognition.")
    to_member = N_("Rewards cannot be accepted here: the rules of your employer do not allow it. The points still count as recognition.")


class CharityOnly(NotAllowed):
    """They may have something given to a good cause, and nothing for themselves."""

    message = N_("Only gifts to a good cause can be accepted here. The points can be given to one.")


class ItemAboveCap(NotAllowed):
    """One thing is worth more than they may accept."""

    message = N_("This is worth %(value)s; the rules of the employer allow rewards of up to %(cap)s each.")
    to_member = N_("This is worth %(value)s; the rules of your employer allow rewards of up to %(cap)s each.")


class YearAboveCap(NotAllowed):
    """With this one they would have had more in a calendar year than they may accept."""

    message = N_("With this one it would be %(value)s in %(year)s; the rules of the employer allow %(cap)s a year.")
    to_member = N_("With this one it would be %(value)s in %(year)s; the rules of your employer allow %(cap)s a year.")


class AskedFirst(Conflict):
    """Their address suggests a rule, and nobody has said what holds."""

    message = N_("Before the first reward please tell us whether your employer lets you accept gifts. Nothing was taken from your balance.")


class FormNeeded(Conflict):
    """The value of the calendar year reaches the threshold, and no tax form is on file."""

    message = N_("With this one, %(person)s would reach %(value)s in %(year)s. From %(limit)s a tax form has to be on file before anything is sent.")


class SetByAdmin(Conflict):
    """An admin entered what holds; the member cannot take it back alone."""

    message = N_("The people who run the programme entered what holds for you. Please write to them if it has changed.")


class OwnReceiving(NotAllowed):
    """Nobody enters what holds for themself or their own company, or their own tax form."""

    message = N_("This is about yourself or your own company. Please ask another admin to enter it.")


class AmountInvalid(Refusal):
    """A cap is an amount of money."""

    message = N_("Please enter an amount between 1 and %(most)s US dollars, or leave it empty.")


class ChoiceMissing(Refusal):
    """Nothing was chosen."""

    message = N_("Please choose one of the answers.")
    field = "choice"


class CapMissing(Refusal):
    """Up to a value, but to which?"""

    message = N_("Please say up to which value, each or in a year.")
    field = "item"


class WhyNeeded(Refusal):
    """What an admin enters has a reason."""

    message = N_("Please say how you know. Other admins will read it.")
    field = "reason"


class CountryUnknown(Refusal):
    """No country of that code."""

    message = N_("Please choose a country.")
    field = "country"


class FormThere(Conflict):
    """A form is on file already."""

    message = N_("A form is on file already.")


class FormGone(Conflict):
    """Somebody took the form off the file."""

    message = N_("This form is not on file any more.")


class DayAhead(Refusal):
    """A form cannot have come on a day that is still to come."""

    message = N_("Please enter the day on which it came; it is not in the future.")
    field = "on_file_on"
