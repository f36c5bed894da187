"""Reading the numbers and days of rules."""

from datetime import date
from typing import Any

from portal.audience.rules import MAX_DAYS, ChoiceUnknown, DaysOutOfRange, NumberMissing
from portal.kernel.text import N_

AT_LEAST, AT_MOST = "at_least", "at_most"
COMPARISONS = ((AT_LEAST, N_("At least")), (AT_MOST, N_("At most")))


def whole(value: Any, least: int, most: int) -> int:
    """Return a whole number within its limits. Refuses anything else (``NumberMissing``)."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise NumberMissing(least=least, most=most)
    return value


def days_or_none(value: Any) -> int | None:
    """Return a number of days, None where it was left empty. Refuses none, negative and endless ones (``DaysOutOfRange``)."""
    if value in (None, ""):
        return None
    if not isinstance(value, int) or not 1 <= value <= MAX_DAYS:
        raise DaysOutOfRange(least=1, most=MAX_DAYS)
    return value


def comparison(value: Any) -> str:
    """Return at least or at most. Refuses anything else (``ChoiceUnknown``)."""
    if value not in (AT_LEAST, AT_MOST):
        raise ChoiceUnknown()
    return str(value)


def day_of(text: str) -> date:
    """Return the day that options hold."""
    return date.fromisoformat(text)
