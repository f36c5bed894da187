"""The terms of reviewing, as admins set them, and what is refused about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from portal.kernel.text import clean
from portal.review.rules.due import Calendar
from portal.review.rules.refusals import DaysOutOfRange, HolidayUnreadable, LimitOutOfRange, TooManyHolidays

KINDS = ("attempt", "appeal", "redemption", "nomination", "adjustment", "repricing", "dispute")
DEFAULT_DAYS = 3
MOST_DAYS, MOST_HOLIDAYS, MOST_LIMIT = 60, 200, 1_000_000
DEFAULT_LIMIT = 25_000


@dataclass(frozen=True)
class Terms:
    """In how many business days each kind is answered, the holidays, and above how many points a second approver is needed.

    ``four_eyes_above`` None asks for no second approver.
    """

    days: Mapping[str, int] = field(default_factory=dict)
    holidays: tuple[date, ...] = ()
    four_eyes_above: int | None = DEFAULT_LIMIT

    def days_for(self, kind: str) -> int:
        """Return the service level of a kind in business days: three, unless admins set another."""
        return self.days.get(kind, DEFAULT_DAYS)

    def calendar(self, zone: str) -> Calendar:
        """Return the calendar of business days in ``zone``."""
        return Calendar(zone, frozenset(self.holidays))

    def needs_second(self, points: int) -> bool:
        """Tell whether approving ``points`` (paid or spent) needs two people: only above the limit, not at it."""
        return self.four_eyes_above is not None and abs(points) > self.four_eyes_above


def require_terms(terms: Terms) -> Terms:
    """Return the terms with holidays in order, each once. Refuses days and limits out of range, and too many holidays."""
    for days in terms.days.values():
        if not 1 <= days <= MOST_DAYS:
            raise DaysOutOfRange(most=MOST_DAYS)
    if terms.four_eyes_above is not None and not 0 <= terms.four_eyes_above <= MOST_LIMIT:
        raise LimitOutOfRange(most=MOST_LIMIT)
    holidays = tuple(sorted(set(terms.holidays)))
    if len(holidays) > MOST_HOLIDAYS:
        raise TooManyHolidays(most=MOST_HOLIDAYS)
    return replace(terms, holidays=holidays)


def read_holidays(text: str) -> tuple[date, ...]:
    """Return the days of a list with one a line, written 2026-12-25; what stands behind the day is a remark. Refuses what is no day."""
    found = []
    for line in clean(text).splitlines():
        if not line.strip():
            continue
        try:
            found.append(date.fromisoformat(line.split()[0]))
        except ValueError:
            raise HolidayUnreadable(line=line.strip()[:60]) from None
    return tuple(found)
