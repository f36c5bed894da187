"""Why what was filled in is not redeemed."""

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_
from portal.ledger.rules import BalanceTooLow


class OutOfStock(Refusal):
    """The last one is gone."""

    message = N_("“%(reward)s” is out of stock. Nothing was taken from your balance.")
    status = 409


class PriceChanged(Refusal):
    """The price is no longer the one that was shown."""

    message = N_("The price changed from %(shown)s to %(price)s points while you were looking at it. Please check it and redeem again.")
    status = 409


class TooFewPoints(BalanceTooLow):
    """The balance does not cover the price."""

    message = N_("You have %(available)s points; this costs %(needed)s.")


class KeyTaken(Conflict):
    """The form's key belongs to another redemption."""

    message = N_("This form was used before. Please open the reward again.")


class SeveralMissing(Refusal):
    """More than one thing was left open; ``parts`` says what, each on its field."""

    message = N_("Something is still missing. Please look at what is marked.")


class VariantNeeded(Refusal):
    """It comes in several variants, and none was chosen."""

    message = N_("Please choose one of them.")
    field = "variant_id"


class VariantGone(Refusal):
    """The variant is not offered any more, or never was one of this reward."""

    message = N_("This one is not offered any more. Please choose another; nothing was taken from your balance.")
    field = "variant_id"
    status = 409


class DateIsOver(Refusal):
    """The date has passed."""

    message = N_("This date is over. Please choose another; nothing was taken from your balance.")
    field = "variant_id"
    status = 409


class EventIsOver(Refusal):
    """The day of the event has passed."""

    message = N_("“%(reward)s” was on %(day)s; it is over. Nothing was taken from your balance.")
    status = 409


class VariantOut(Refusal):
    """The last one of the variant is gone."""

    message = N_("“%(variant)s” is out of stock. Please choose another; nothing was taken from your balance.")
    field = "variant_id"
    status = 409


class TermsNotAccepted(Refusal):
    """The terms were not agreed to."""

    message = N_("Please read the terms and tick the box if you agree.")
    field = "agrees"


class TermsChanged(Refusal):
    """The terms are no longer those that were shown."""

    message = N_("The terms changed while you were looking at them. Please read them and redeem again.")
    field = "agrees"
    status = 409
