"""Money: whole cents of US dollars, the currency in which ``PORTAL_POINT_VALUE`` says what a point is worth."""

from dataclasses import dataclass
from decimal import Decimal

CURRENCY = "USD"


@dataclass(frozen=True, order=True)
class Money:
    """An amount in cents, as a fact of a refusal: the door writes it as the reader's language does."""

    cents: int

    @property
    def amount(self) -> Decimal:
        """In dollars."""
        return Decimal(self.cents) / 100

    def __str__(self) -> str:
        return f"${self.amount:,.2f}"
