"""When an answer is due: business days of the programme's zone, weekends and holidays left out."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.kernel.clock import local_date, start_of_day

ONE_DAY = timedelta(days=1)
ONE_TICK = timedelta(microseconds=1)
STEPS = 2


@dataclass(frozen=True)
class Calendar:
    """The days on which somebody works: every Monday to Friday in ``zone`` that is no holiday."""

    zone: str
    holidays: frozenset[date] = field(default_factory=frozenset)

    def is_business(self, day: date) -> bool:
        """Tell whether somebody works on ``day``."""
        return day.weekday() < 5 and day not in self.holidays

    def forward(self, day: date, number: int) -> date:
        """Return the business day that lies ``number`` business days behind the business day ``day``."""
        while number:
            day += ONE_DAY
            number -= self.is_business(day)
        return day

    def back(self, day: date, number: int) -> date:
        """Return the business day that lies ``number`` business days before the business day ``day``."""
        while number:
            day -= ONE_DAY
            number -= self.is_business(day)
        return day

    def next_business(self, day: date) -> date:
        """Return ``day`` itself if somebody works then, else the first day after it on which somebody does."""
        while not self.is_business(day):
            day += ONE_DAY
        return day

    def last_business(self, day: date) -> date:
        """Return ``day`` itself if somebody works then, else the last day before it on which somebody did."""
        while not self.is_business(day):
            day -= ONE_DAY
        return day


def due_at(since: datetime, days: int, calendar: Calendar) -> datetime:
    """Return until when what waits since ``since`` is to be answered: the same time of day, ``days`` business days later.

    What comes in on a free day counts from the first moment of the next business day: sent on
    Saturday and due in one day, it is due when Monday is over.
    """
    day = local_date(since, calendar.zone)
    if calendar.is_business(day):
        return _at(calendar.forward(day, days), _clock(since, calendar), calendar)
    return start_of_day(calendar.forward(calendar.next_business(day), days), calendar.zone)


def overdue_until(days: int, calendar: Calendar, now: datetime) -> datetime:
    """Return the latest moment such that what waits since then, or longer, is overdue at ``now``: ``due_at`` turned round.

    So that a database can tell by one comparison what is overdue.
    """
    day = local_date(now, calendar.zone)
    if calendar.is_business(day):
        return _at(calendar.back(day, days), _clock(now, calendar), calendar)
    # On a free day nothing falls due: what came in before the day that counts as the first is overdue since the last business day.
    return start_of_day(calendar.back(calendar.last_business(day), days) + ONE_DAY, calendar.zone) - ONE_TICK


def step_of(since: datetime, days: int, calendar: Calendar, now: datetime) -> int:
    """Return how far something is overdue: 0 in time, 1 overdue, 2 by as much time again."""
    return sum(due_at(since, days * step, calendar) <= now for step in range(1, STEPS + 1))


def _clock(moment: datetime, calendar: Calendar) -> time:
    return moment.astimezone(ZoneInfo(calendar.zone)).time()


def _at(day: date, clock: time, calendar: Calendar) -> datetime:
    return datetime.combine(day, clock, ZoneInfo(calendar.zone)).astimezone(UTC)
