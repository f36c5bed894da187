"""Seasons: whole days in the programme's zone, from a first to a last, with a standing that is kept."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from portal.kernel.clock import end_of_day, start_of_day
from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_
from portal.recognition.rules.boards import Span

NAME_LENGTH = 60
LONGEST = timedelta(days=366)
MOST_AT_ONCE = 3
TOLD_PLACES = 10
_KEY = re.compile(r"s([1-9]\d{0,9})")


class SeasonNameMissing(Refusal):
    """A season without a name."""

    message = N_("Please give the season a name.")
    field = "name"


class SeasonBackwards(Refusal):
    """A season that ends before it starts."""

    message = N_("The last day must not lie before the first.")
    field = "ends_on"


class SeasonTooLong(Refusal):
    """Longer than a year is no season."""

    message = N_("A season lasts a year at most.")
    field = "ends_on"


class SeasonOver(Refusal):
    """A season that would have ended already."""

    message = N_("The last day lies in the past. Choose one from today on.")
    field = "ends_on"


class TooManySeasons(Refusal):
    """Every award counts in every season that runs, so their number is small."""

    message = N_("On one of these days %(most)s other seasons run already, which is the most.")


class SeasonClosed(Conflict):
    """The standing of a closed season is kept as it was."""

    message = N_("This season is closed; its standing stays as it was.")


def season_key(season_id: int) -> str:
    """Return the key of a season's board: ``s12``."""
    return f"s{season_id}"


def season_id_of(period: str) -> int | None:
    """Return which season a board key names, or None where it names none."""
    match = _KEY.fullmatch(period)
    return int(match[1]) if match else None


def season_span(starts_on: date, ends_on: date, zone: str) -> Span:
    """Return the moments of a season: from the first day's beginning up to the end of the last, in the programme's zone."""
    return Span(start_of_day(starts_on, zone), end_of_day(ends_on, zone))


def most_beside(starts_on: date, ends_on: date, others: Sequence[tuple[date, date]]) -> int:
    """Return how many of ``others`` run on the fullest day of a season: each of them begins on that day, or the season does."""
    days = {starts_on, *(starts for starts, _ends in others if starts_on <= starts <= ends_on)}
    return max(sum(starts <= day <= ends for starts, ends in others) for day in days)


def require_season(name: str, starts_on: date, ends_on: date, today: date) -> None:
    """Refuse a season without a name, one that runs backwards, too long, or is over."""
    if not name:
        raise SeasonNameMissing()
    if ends_on < starts_on:
        raise SeasonBackwards()
    if ends_on - starts_on > LONGEST:
        raise SeasonTooLong()
    if ends_on < today:
        raise SeasonOver()
