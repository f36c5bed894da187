"""A gift card: bought by hand, from the vault, or ordered from the provider."""

from collections.abc import Mapping
from typing import ClassVar

from portal.kernel.errors import Refusal
from portal.kernel.text import N_
from portal.rewards.kinds.checks import FieldMissing
from portal.rewards.kinds.contract import Control, RewardKind, Values, mistake
from portal.rewards.rules.cards import MOST_LOW, SOURCE_NAMES, AmountUnfit, CurrencyUnfit, LowUnfit, Source, cents_in, is_currency, source_of
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.states import State

_AMOUNT = ("amount", "currency")
_FOR_PROVIDER = ("product", *_AMOUNT)


class GiftCard(RewardKind):
    key = Kind.GIFT_CARD
    look = ("track-earn", "gift")
    hint = N_("The card is bought by you, taken from the code vault, or ordered from a provider: the details of the reward say which.")
    options: ClassVar[Mapping[str, Control]] = {
        "source": Control(
            "one",
            N_("Where the cards come from"),
            N_("From the vault and from the provider the member gets a code as soon as it is approved."),
            choices=tuple(source.value for source in Source),
            names=tuple(SOURCE_NAMES.values()),
        ),
        "low_at": Control("text", N_("Codes run low at"), N_("With so many codes left in the vault admins are told. Empty: 5."), max_length=5),
        "product": Control("text", N_("Product at the provider"), N_("As the provider calls it. Only for cards that are ordered."), max_length=80),
        "amount": Control("text", N_("Amount of the card"), N_("As 25 or 12.50. An amount in US dollars is also its value in money."), max_length=12),
        "currency": Control("text", N_("Currency"), N_("Three letters, as USD or EUR."), max_length=3),
    }
    words: ClassVar[Mapping[State, str]] = {State.APPROVED: N_("Approved, to be handed over"), State.SENT: N_("Handed over")}
    told: ClassVar[Mapping[State, str]] = {State.APPROVED: N_("We get your card next."), State.ORDERED: N_("Your card is ordered.")}

    def tidied(self, options: Values) -> dict[str, str]:
        """A currency is written in capitals."""
        return {name: said.upper() if name == "currency" else said for name, said in options.items()}

    def flaw(self, options: Values) -> Refusal | None:
        """Besides what every kind finds: what an order needs, and whole numbers."""
        if refusal := mistake(self.options, options, "option_"):
            return refusal
        low = str(options.get("low_at", ""))
        if low and not (low.isascii() and low.isdecimal() and int(low) <= MOST_LOW):
            return LowUnfit(most=MOST_LOW)
        source, has_amount = source_of(self.key, options), bool(options.get("amount") or options.get("currency"))
        needed = _FOR_PROVIDER if source is Source.PROVIDER else _AMOUNT if source is Source.VAULT and has_amount else ()
        for name in needed:
            if not options.get(name):
                missing = FieldMissing()
                missing.field = f"option_{name}"
                return missing
        if needed and cents_in(str(options["amount"])) is None:
            return AmountUnfit()
        return CurrencyUnfit() if needed and not is_currency(str(options["currency"])) else None
