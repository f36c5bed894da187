"""Time. The only place that reads the machine's clock; below the doors, time is an argument."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CLOCK_DRIFT = timedelta(minutes=5)
"""How far another machine's clock may run ahead before what it says lies in the future."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utcnow() -> datetime:
    """Return the present moment, aware and in UTC. For doors, jobs and commands only."""
    return datetime.now(UTC)


def require_aware(moment: datetime) -> datetime:
    """Return ``moment`` in UTC; a naive one is a programming error."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime {moment!r}")
    return moment.astimezone(UTC)


def local_date(moment: datetime, zone: str) -> date:
    """Return the calendar day of ``moment`` in the time zone named ``zone``."""
    return require_aware(moment).astimezone(ZoneInfo(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """Return the first moment of ``day`` in ``zone``, in UTC."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def end_of_day(day: date, zone: str) -> datetime:
    """Return the first moment after ``day`` in ``zone``, in UTC."""
    return start_of_day(day + timedelta(days=1), zone)


def micros(moment: datetime) -> int:
    """Return whole microseconds since 1970 UTC, exact (no floating point)."""
    delta = require_aware(moment) - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(moment: int) -> datetime:
    """Return the moment that lies ``moment`` whole microseconds after 1970 UTC."""
    return _EPOCH + timedelta(microseconds=moment)
