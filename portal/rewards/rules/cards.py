"""Where a gift card comes from, and how an order at the provider stands. Pure."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.states import SPENT, State

LOW_AT = 5
"""With so many codes left, or fewer, they run low, where a reward says nothing else."""
MOST_LOW = 10_000
LOW_BALANCE_CENTS = 10_000
"""Below so much the provider's balance is low, whatever its currency, while admins say nothing else."""
MOST_LOW_CENTS = 100_000_000
CLAIM = timedelta(seconds=90)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=7)
"""So long an order in doubt is looked after before somebody may give it up."""
MOST_AMOUNT_CENTS = 1_000_000
VALUE_CURRENCY = "USD"
"""In which values of what people receive are counted."""


class LowBalanceUnfit(Refusal):
    """From which balance on the provider's is low."""

    message = N_("Please enter an amount from 0 to %(most)s with two decimals at most; with 0 nobody is told.")
    field = "low"


class Source(StrEnum):
    """Where the cards of a reward come from."""

    HAND = "hand"
    VAULT = "vault"
    PROVIDER = "provider"


SOURCE_NAMES = {
    Source.HAND: N_("Bought by hand"),
    Source.VAULT: N_("From the code vault"),
    Source.PROVIDER: N_("Ordered from the provider"),
}


class OrderState(StrEnum):
    """How an order stands. Noted: the provider knows nothing of it; doubt: it was asked, and what came of it is not known."""

    NOTED = "noted"
    DOUBT = "doubt"
    MADE = "made"
    REFUSED = "refused"
    GIVEN_UP = "given_up"


OPEN = (OrderState.NOTED, OrderState.DOUBT)


class Why(StrEnum):
    """Why an order is not made yet, or never will be."""

    NONE = ""
    REPLY = "reply"
    BALANCE = "balance"
    AWAY = "away"
    ACCESS = "access"
    ADDRESS = "address"
    UNSET = "unset"
    STOPPED = "stopped"
    REFUSED = "refused"
    TWICE = "twice"
    WAITS = "waits"
    UNREADABLE = "unreadable"
    UNSURE = "unsure"


WHY_NAMES = {
    Why.NONE: N_("The provider is asked in a moment."),
    Why.REPLY: N_("In doubt: no answer came. The portal asks whether the card was made before it orders anything."),
    Why.BALANCE: N_("The provider’s balance does not suffice. Top it up; the order goes on by itself."),
    Why.AWAY: N_("The provider cannot be reached. The order goes on by itself."),
    Why.ACCESS: N_("The provider does not accept the portal’s token. Please have the settings looked at."),
    Why.ADDRESS: N_("The provider takes no orders at the address in the settings. Please have it looked at; the order goes on by itself."),
    Why.UNSET: N_("No provider is set up at the moment. The order goes on when one is."),
    Why.STOPPED: N_("Nothing may be sent to this person at the moment; see above. The order goes on when it may."),
    Why.REFUSED: N_("The provider refused this order for good. No card was made."),
    Why.TWICE: N_("In doubt: the provider answered with a code that somebody else has. Please ask the provider."),
    Why.WAITS: N_("In doubt: the provider has taken the order and has not made the card yet."),
    Why.UNSURE: N_("In doubt: an earlier try was never answered, and now the provider refuses. Please ask the provider whether it made the card."),
    Why.UNREADABLE: N_("In doubt: the provider’s answer says nothing of this order. The portal looks for the card before it orders anything."),
}
ORDER_NAMES = {
    OrderState.NOTED: N_("Noted"),
    OrderState.DOUBT: N_("In doubt"),
    OrderState.MADE: N_("Made"),
    OrderState.REFUSED: N_("Refused"),
    OrderState.GIVEN_UP: N_("Given up"),
}


class AmountUnfit(Refusal):
    """What a card is worth is an amount of money."""

    message = N_("Please write the amount as a number, such as 25 or 12.50.")
    field = "option_amount"


class CurrencyUnfit(Refusal):
    """A currency has three letters."""

    message = N_("Please write the currency as three letters, such as EUR.")
    field = "option_currency"


class LowUnfit(Refusal):
    """A count of codes."""

    message = N_("Please enter a whole number from 0 to %(most)s.")
    field = "option_low_at"


class FileMissing(Refusal):
    """No file was chosen."""

    message = N_("Please choose a file.")
    field = "upload"


class CardValueMissing(Refusal):
    """What somebody receives counts in US dollars."""

    message = N_(
        "A card counts with its value in US dollars. Enter its amount in US dollars in the details, or, of a card in another currency, what that "
        "comes to under “Value in money”."
    )


class ValueIsAmount(Conflict):
    """The value has one place."""

    message = N_("The value of this card is its amount. Change it in the details.")


class ProviderMissing(Refusal):
    """No provider is set up."""

    message = N_("No provider of gift cards is set up. Whoever runs the portal can do that; the operating guide says how.")
    field = "option_source"


class SourceFixed(Conflict):
    """Cards are on their way."""

    message = N_("%(count)s of these are asked for or on their way. Finish those first, then change where the cards come from.")
    field = "option_source"


class StockIsVault(Conflict):
    """The stock follows the vault."""

    message = N_("The stock of this reward is what the vault holds. Import codes, or take an import back.")


class NotFromVault(Conflict):
    """The reward has no codes."""

    message = N_("The cards of this reward do not come from the vault. Change that in its details first.")


class OrderUnderWay(Conflict):
    """The provider may have made the card, or is about to."""

    message = N_("The provider may have made this card already. Look again first; nothing is ordered twice.")


class CodeRests(Conflict):
    """Password or address changed a moment ago: it may not be the member who asks."""

    message = N_("Your password or e-mail address was changed lately. To be safe your code can be looked at from %(until)s on.")


class CardNotThere(Conflict):
    """There is no card to hand over."""

    message = N_("There is no card to hand over yet. Order it first; it is handed over as soon as the provider has made it.")


@dataclass(frozen=True)
class Wanted:
    """What is ordered: the provider's name of the product, and what it is worth."""

    product: str
    amount_cents: int
    currency: str


def source_of(kind: str, options: Mapping[str, Any]) -> Source:
    """Return where the cards of a reward come from; what is no gift card is by hand."""
    said = options.get("source") if kind == Kind.GIFT_CARD else None
    return Source(said) if said in tuple(Source) else Source.HAND


def require_low_balance(cents: int | None) -> int:
    """Return below how many hundredths the balance is low. Refuses: LowBalanceUnfit."""
    if cents is None or not 0 <= cents <= MOST_LOW_CENTS:
        raise LowBalanceUnfit(most=MOST_LOW_CENTS // 100)
    return cents


def low_at(options: Mapping[str, Any]) -> int:
    """Return with how many codes left they run low."""
    said = str(options.get("low_at") or "")
    return int(said) if said.isdecimal() else LOW_AT


def shelf_of(reward_id: int) -> str:
    """Return what the vault calls the codes of a reward."""
    return f"reward:{reward_id}"


def reward_on(shelf: str) -> int | None:
    """Return whose codes lie on a shelf, None where it is no reward's."""
    kind, _, number = shelf.partition(":")
    return int(number) if kind == "reward" and number.isdecimal() else None


def holder_of(redemption_id: int) -> str:
    """Return what the vault calls who has a code."""
    return f"redemption:{redemption_id}"


def order_id_of(redemption_id: int, key: str, turn: int) -> str:
    """Return the id under which a card is ordered.

    It follows from the redemption and its form's key alone, so that a portal restored from a backup asks for the same order, and no other
    installation ever does.
    """
    return f"laurel-{redemption_id}-{hashlib.sha256(key.encode()).hexdigest()[:20]}-{turn}"


def cents_in(amount: str) -> int | None:
    """Return an amount in hundredths, None where it is none, or beyond what one card may be worth."""
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,2})?", amount.strip()):
        return None
    cents = int(Decimal(amount.strip()) * 100)
    return cents if 0 < cents <= MOST_AMOUNT_CENTS else None


def is_currency(code: str) -> bool:
    """Tell whether this is written as a currency."""
    return re.fullmatch(r"[A-Z]{3}", code) is not None


def spare_shelf(number: int) -> str:
    """Return what the vault calls a shelf of spare cards."""
    return f"card:{number}"


def card_in(kind: str, options: Mapping[str, Any]) -> Wanted | None:
    """Return what card a reward gives whose cards come with a code, None for anything else. An amount of 0 is not known, and has no currency."""
    source = source_of(kind, options)
    if source is Source.HAND:
        return None
    found = wanted_in(options)
    product = found.product if source is Source.PROVIDER else ""
    return Wanted(product, found.amount_cents, found.currency) if found.amount_cents and found.currency else Wanted(product, 0, "")


def worth_in(kind: str, options: Mapping[str, Any]) -> int | None:
    """Return the value in cents of US dollars that the amount of a card is, None where its amount says nothing of it."""
    card = card_in(kind, options)
    return card.amount_cents if card is not None and card.amount_cents and card.currency == VALUE_CURRENCY else None


def require_worth(kind: str, options: Mapping[str, Any], value_cents: int | None) -> None:
    """Refuses: CardValueMissing, where a card with a code has neither an amount in US dollars nor a value."""
    if source_of(kind, options) is not Source.HAND and worth_in(kind, options) is None and value_cents is None:
        raise CardValueMissing()


def wanted_in(options: Mapping[str, Any]) -> Wanted:
    """Return what a reward orders. Its details were checked when they were saved."""
    return Wanted(str(options.get("product", "")), cents_in(str(options.get("amount", ""))) or 0, str(options.get("currency", "")))


def may_look(state: State | str) -> bool:
    """Tell whether somebody may look at the code of their redemption."""
    return state in SPENT


def wait_after(tries: int) -> timedelta:
    """Return how long after the ``tries``-th try the provider is asked again: 1, 2, 4 … minutes, an hour at most."""
    return min(FIRST_WAIT * (1 << min(max(tries - 1, 0), 10)), LONGEST_WAIT)


def may_give_up(state: OrderState | str, noted_at: datetime, now: datetime) -> bool:
    """Tell whether somebody may give an order up: nothing was asked of the provider yet, the card is here, or it has been in doubt for a week."""
    return state in (OrderState.NOTED, OrderState.MADE) or (state == OrderState.DOUBT and noted_at <= now - GIVE_UP_AFTER)
