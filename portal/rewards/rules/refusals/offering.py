"""Why somebody may not have a reward: it is not offered, not now, not there, not to them, or they have it."""

from portal.kernel.errors import NotFound, Refusal
from portal.kernel.text import N_


class RewardNotOffered(Refusal):
    """The reward is a draft or retired."""

    message = N_("This reward is not offered at the moment. Nothing was taken from your balance.")
    status = 409


class LimitReached(Refusal):
    """The person has as many as one person may have."""

    message = N_("You already have “%(reward)s”. One person can have %(limit)s.")
    status = 409


class AgainNextMonth(LimitReached):
    """The person has as many as one person may have in this month; ``day`` is the first of the next."""

    message = N_("You had “%(reward)s” this month already; one person can have %(limit)s a month. You can have it again from %(day)s.")


class AgainNextQuarter(LimitReached):
    """The person has as many as one person may have in this quarter; ``day`` is the first of the next."""

    message = N_("You had “%(reward)s” this quarter already; one person can have %(limit)s a quarter. You can have it again from %(day)s.")


class AgainNextYear(LimitReached):
    """The person has as many as one person may have in this year; ``day`` is the first of the next."""

    message = N_("You had “%(reward)s” this year already; one person can have %(limit)s a year. You can have it again from %(day)s.")


class NotOnSaleYet(RewardNotOffered):
    """Its first day of sale has not come."""

    message = N_("“%(reward)s” can be redeemed from %(day)s. Nothing was taken from your balance.")


class SaleIsOver(RewardNotOffered):
    """Its last day of sale has passed."""

    message = N_("“%(reward)s” could be redeemed until %(day)s; that is over. Nothing was taken from your balance.")


class NotForThisPerson(NotFound):
    """It is meant for others. Who never redeemed it gets the page that knows of nothing."""

    message = N_("This reward is not open to you at the moment. Nothing was taken from your balance.")


class LevelNeeded(Refusal):
    """It takes a level that the person has not reached; ``missing`` points have to be earned until then."""

    message = N_("“%(reward)s” is for members from the level %(level)s on: %(missing)s points to go. Spending lowers no level.")
    status = 409


class CountryNotKnown(Refusal):
    """It is offered in some countries, and nobody knows where the person is."""

    message = N_(
        "“%(reward)s” is offered only in %(countries)s, and we do not know your country. Ask the people who run the programme to enter it for you."
    )
    status = 409


class NotInCountry(Refusal):
    """It is offered in other countries."""

    message = N_(
        "“%(reward)s” is offered only in %(countries)s, and we have noted %(country)s for you. "
        "If that is wrong, tell the people who run the programme."
    )
    status = 409


class NotDeliveredThere(Refusal):
    """It is delivered to other countries."""

    message = N_("This is delivered only to %(countries)s, and not to %(country)s. Nothing was taken from your balance.")
    field = "country"
    status = 409
