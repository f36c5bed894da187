"""Why something is not redeemed, decided or offered: each refusal with its facts and a sentence."""

from portal.kernel.errors import Conflict, NotAllowed, NotFound, Refusal
from portal.kernel.text import N_
from portal.ledger.rules import BalanceTooLow
from portal.rewards.rules.states import State


class RewardNotOffered(Refusal):
    """The reward is a draft or retired."""

    message = N_("This reward is not offered at the moment. Nothing was taken from your balance.")
    status = 409


class OutOfStock(Refusal):
    """The last one is gone."""

    message = N_("“%(reward)s” is out of stock. Nothing was taken from your balance.")
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


class OtherChange(Conflict):
    """The form changed a stock before, by another number or of another thing."""

    message = N_("This form changed the stock already, by another number. Look at what is there now, and press again if this is to be done too.")
    field = "change"


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


class NameMissing(Refusal):
    """A reward without a name."""

    message = N_("Please give the reward a name.")
    field = "name"


class PriceOutOfRange(Refusal):
    """A price is at least one point."""

    message = N_("A reward costs at least one point, and at most %(most)s.")
    field = "price"


class StockOutOfRange(Refusal):
    """A count of things."""

    message = N_("The stock is a number from 0 to %(most)s, or empty for a reward that never runs out.")
    field = "stock"


class LimitOutOfRange(Refusal):
    """How many one person may have."""

    message = N_("The limit for one person is a number from 1 to %(most)s, or empty for none.")
    field = "limit_per_person"


class SummaryMissing(Refusal):
    """A reward needs a summary before it can be offered."""

    message = N_("Please write a summary before you publish this reward.")
    field = "summary"


class StockTooLow(Refusal):
    """More would be taken off the shelf than stands on it."""

    message = N_("There are %(stock)s left, so %(taken)s cannot be taken away.")
    field = "change"


class StockUncounted(Conflict):
    """There is no count to change."""

    message = N_("The stock of this reward is not counted. Start counting first.")
    field = "change"


class StockCounted(Conflict):
    """A count is there; it is changed by adding and taking away, so that nobody overwrites what was redeemed meanwhile."""

    message = N_("The stock of this reward is counted already. Add or take away instead.")
    field = "stock"


class DetailUnfit(Refusal):
    """What the kind of a reward needs is missing or does not fit, so that it cannot be offered. It stands in a form of its own."""

    message = N_("It cannot be published yet, and nothing was saved. Save this first; then enter “%(detail)s” under Details, and publish.")


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


class StockStands(Conflict):
    """The reward itself is counted; its pieces would vanish."""

    message = N_("This reward has a stock of its own, with %(stock)s left. Stop counting it first, and count the variants instead.")
    field = "stock"


class StockInVariants(Conflict):
    """Each variant has its own stock."""

    message = N_("This reward comes in variants; each of them has its own stock.")
    field = "stock"
