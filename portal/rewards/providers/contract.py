"""The contract of a provider of gift cards. Called by the worker, outside of any unit of work.

What matters is what is known after a call: a card, a sure no (nothing was made), not asked (nothing was made, it may be asked again), or doubt.
No message of these errors ever holds what the provider sent.
"""

from dataclasses import dataclass
from typing import Protocol

from portal.rewards.rules.cards import Wanted, Why
from portal.vault.rules import Card


@dataclass(frozen=True)
class Made:
    """A card that was made, and what the provider calls its order."""

    card: Card
    reference: str


@dataclass(frozen=True)
class Balance:
    """What is left at the provider, in hundredths of its currency."""

    cents: int
    currency: str


class NotMade(Exception):
    """The provider refuses the order for good, and made nothing."""


class NotNow(Exception):
    """Nothing was made, and the same order may be tried again: the provider was not reached, has no balance left, does not know our token."""

    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__(why.value)


class InDoubt(Exception):
    """It is not known whether the card was made."""

    def __init__(self, why: Why = Why.REPLY) -> None:
        self.why = why
        super().__init__(why.value)


class Provider(Protocol):
    """Somebody who makes gift cards, and keeps each order under the id that it was given."""

    def order(self, order_id: str, wanted: Wanted) -> Made:
        """Order a card under this id; the same id again gives the same card. Raises NotMade, NotNow, InDoubt."""

    def find(self, order_id: str) -> Made | None:
        """Return the card that was made under this id, None if none was. Raises NotNow, InDoubt, and NotMade for an order it gave up."""

    def balance(self) -> Balance:
        """Return what is left. Raises NotNow, InDoubt."""
