"""What a reward may say and cost, and how many there may be of it."""

from portal.rewards.rules.refusals.editing import LimitOutOfRange, NameMissing, PriceOutOfRange, SummaryMissing
from portal.rewards.rules.refusals.stock import StockOutOfRange

MOST_POINTS = 1_000_000_000
MOST_STOCK = 1_000_000
MOST_PER_PERSON = 1_000


def require_reward(*, name: str, price: int, limit: int | None) -> None:
    """Refuses what no reward can be: NameMissing, PriceOutOfRange, LimitOutOfRange."""
    if not name.strip():
        raise NameMissing()
    if not 0 < price <= MOST_POINTS:
        raise PriceOutOfRange(most=MOST_POINTS)
    if limit is not None and not 0 < limit <= MOST_PER_PERSON:
        raise LimitOutOfRange(most=MOST_PER_PERSON)


def require_stock(stock: int | None) -> None:
    """Refuses: StockOutOfRange."""
    if stock is not None and not 0 <= stock <= MOST_STOCK:
        raise StockOutOfRange(most=MOST_STOCK)


def require_change(change: int) -> None:
    """Refuses: StockOutOfRange, for more than any shelf holds, given or taken."""
    if abs(change) > MOST_STOCK:
        raise StockOutOfRange(most=MOST_STOCK)


def require_publishable(summary: str) -> None:
    """Refuses: SummaryMissing."""
    if not summary.strip():
        raise SummaryMissing()
