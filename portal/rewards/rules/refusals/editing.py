"""Why a reward is not kept as an admin wrote it."""

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_


class SaleEndsBeforeItBegins(Refusal):
    """The last day of sale lies before the first."""

    message = N_("The last day cannot come before the first.")
    field = "sale_to"


class LimitCounts(Refusal):
    """A period of the conditions counts by this limit."""

    message = N_("This limit counts anew each month, quarter or year. Say in the conditions that it counts once, before you take it away.")
    field = "limit_per_person"


class PeriodWithoutLimit(Refusal):
    """A limit that is not there counts nowhere."""

    message = N_("Enter a limit for one person first; it then counts anew in each of these.")
    field = "period"


class LevelUnknown(Refusal):
    """The level was removed."""

    message = N_("This level is not there any more. Please choose another.")
    field = "level_id"


class CountriesUnknown(Refusal):
    """Words that are no country."""

    message = N_("We know no country called %(unknown)s. Enter codes such as DE, or English names, with commas between them.")
    field = "countries"


class NameMissing(Refusal):
    """A reward without a name."""

    message = N_("Please give the reward a name.")
    field = "name"


class PriceOutOfRange(Refusal):
    """A price is at least one point."""

    message = N_("A reward costs at least one point, and at most %(most)s.")
    field = "price"


class LimitOutOfRange(Refusal):
    """How many one person may have."""

    message = N_("The limit for one person is a number from 1 to %(most)s, or empty for none.")
    field = "limit_per_person"


class SummaryMissing(Refusal):
    """A reward needs a summary before it can be offered."""

    message = N_("Please write a summary before you publish this reward.")
    field = "summary"


class DetailUnfit(Refusal):
    """What the kind of a reward needs is missing or does not fit, so that it cannot be offered. It stands in a form of its own."""

    message = N_("It cannot be published yet, and nothing was saved. Save this first; then enter “%(detail)s” under Details, and publish.")


class KindFixed(Conflict):
    """What was redeemed goes the way of its kind."""

    message = N_("It was redeemed already, or has variants: its kind stays as it is. Write a new reward instead.")
    field = "kind"


class NotInVariants(Conflict):
    """The kind comes as it is."""

    message = N_("A reward of this kind does not come in variants.")
    field = "name"


class VariantNameTaken(Conflict):
    """Another variant of the reward is called so."""

    message = N_("There is one of this name already.")
    field = "name"


class DateMissing(Refusal):
    """An experience takes place on a day."""

    message = N_("Please say on which day it is.")
    field = "happens_on"
