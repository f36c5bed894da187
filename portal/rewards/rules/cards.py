"""Where a gift card comes from, and how an order at the provider stands. Pure."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_
from portal.rewards.rules.kinds import Kind
from portal.vault.rules import FAULT_NAMES, Fault

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
CODE_FAULTS: Mapping[Fault, str] = FAULT_NAMES


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
    UNSET = "unset"
    STOPPED = "stopped"
    REFUSED = "refused"
    TWICE = "twice"
    WAITS = "waits"


WHY_NAMES = {
    Why.NONE: N_("The provider is asked in a moment."),
    Why.REPLY: N_("In doubt: no answer came. The portal asks whether the card was made before it orders anything."),
    Why.BALANCE: N_("The provider’s balance does not suffice. Top it up; the order goes on by itself."),
    Why.AWAY: N_("The provider cannot be reached. The order goes on by itself."),
    Why.ACCESS: N_("The provider does not accept the portal’s token. Please have the settings looked at."),
    Why.UNSET: N_("No provider is set up at the moment. The order goes on when one is."),
    Why.STOPPED: N_("Nothing may be sent to this person at the moment; see above. The order goes on when it may."),
    Why.REFUSED: N_("The provider refused this order for good. No card was made."),
    Why.TWICE: N_("In doubt: the provider answered with a code that somebody else has. Please ask the provider."),
    Why.WAITS: N_("In doubt: the provider has taken the order and has not made the card yet."),
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
    try:
        found = Decimal(amount.strip())
    except InvalidOperation:
        return None
    cents = found * 100
    return int(cents) if found.is_finite() and cents == cents.to_integral_value() and 0 < cents <= MOST_AMOUNT_CENTS else None


def is_currency(code: str) -> bool:
    """Tell whether this is written as a currency."""
    return re.fullmatch(r"[A-Z]{3}", code) is not None


def wanted_in(options: Mapping[str, Any]) -> Wanted:
    """Return what a reward orders. Its details were checked when they were saved."""
    return Wanted(str(options.get("product", "")), cents_in(str(options.get("amount", ""))) or 0, str(options.get("currency", "")))


def wait_after(tries: int) -> timedelta:
    """Return how long after the ``tries``-th try the provider is asked again: 1, 2, 4 … minutes, an hour at most."""
    return min(FIRST_WAIT * (1 << min(max(tries - 1, 0), 10)), LONGEST_WAIT)


def may_give_up(state: OrderState | str, noted_at: datetime, now: datetime) -> bool:
    """Tell whether somebody may give an order up: nothing was asked of the provider yet, or it has been in doubt for a week."""
    return state == OrderState.NOTED or (state == OrderState.DOUBT and noted_at <= now - GIVE_UP_AFTER)
