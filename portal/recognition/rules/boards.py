"""Which periods a moment counts in, and who stands where. No points are decided here: the ledger does that."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from portal.kernel.clock import local_date, start_of_day
from portal.kernel.errors import Refusal
from portal.kernel.text import N_

Row = TypeVar("Row")

ALL = "all"
KEY_LENGTH = 24
UNIT = "points"
NEIGHBOURS = 3
FENCE_STEP = 1_000
FENCED_FROM = 5_000
HUGE = 500_000
LOOK_OPEN, LOOK_HUGE, LOOK_CLOSED = timedelta(seconds=30), timedelta(seconds=60), timedelta(hours=1)
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")


class UnknownPeriod(Refusal):
    """A board was asked for a period that cannot be."""

    message = N_("“%(period)s” is not a period. Use all, a quarter such as 2026-Q4, or a month such as 2026-11.")
    field = "period"


@dataclass(frozen=True)
class Span:
    """The moments a period covers: from ``since`` up to, not including, ``until``; None is unbounded."""

    since: datetime | None
    until: datetime | None


class Absence(StrEnum):
    """Why somebody does not stand on the board they look at."""

    LEFT = "left"
    TEAM = "team"
    ELSEWHERE = "elsewhere"
    NICKNAMED = "nicknamed"
    NOTHING = "nothing"


ABSENCES = {
    Absence.LEFT: N_("You chose to stand on no board. Only you see your points here."),
    Absence.TEAM: N_("Employees and the people who run the programme stand on no board."),
    Absence.ELSEWHERE: N_("This board holds the people of one company, and it is not yours."),
    Absence.NICKNAMED: N_("You stand on the boards under a nickname. Being on the board of your company would give you away."),
    Absence.NOTHING: N_("Nothing you earned counts here yet."),
}


def why_absent(*, has_left: bool, is_team: bool, is_elsewhere: bool, is_nicknamed: bool) -> Absence:
    """Return why an advocate is not on a board; ``is_elsewhere`` and ``is_nicknamed`` are asked of the board of a company alone."""
    reasons = ((has_left, Absence.LEFT), (is_team, Absence.TEAM), (is_elsewhere, Absence.ELSEWHERE), (is_nicknamed, Absence.NICKNAMED))
    return next((reason for holds, reason in reasons if holds), Absence.NOTHING)


def month_of(day: date) -> str:
    """Return the key of the month: ``2026-11``."""
    return f"{day.year:04d}-{day.month:02d}"


def quarter_of(day: date) -> str:
    """Return the key of the quarter: ``2026-Q4``."""
    return f"{day.year:04d}-Q{(day.month + 2) // 3}"


def board_key(period: str, track: str | None = None) -> str:
    """Return the key of a board: the period, or ``2026-11/engage`` for one track of it."""
    return f"{period}/{track}" if track else period


def split_key(board: str) -> tuple[str, str | None]:
    """Return period and track of a board's key."""
    period, _, track = board.partition("/")
    return period, track or None


def periods_of(moment: datetime, zone: str) -> tuple[str, str, str]:
    """Return the keys of the periods in which points of ``moment`` count: all, its quarter, its month."""
    day = local_date(moment, zone)
    return (ALL, quarter_of(day), month_of(day))


def offered_periods(now: datetime, zone: str) -> tuple[str, str, str, str, str]:
    """Return the keys a board page offers: this month, this quarter, last month, last quarter, all."""
    today = local_date(now, zone)
    last_month = today.replace(day=1) - timedelta(days=1)
    quarter_began = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return (month_of(today), quarter_of(today), month_of(last_month), quarter_of(quarter_began - timedelta(days=1)), ALL)


def span_of(period: str, zone: str) -> Span:
    """Return the moments of ``period`` in the programme's ``zone``. Refuses: UnknownPeriod."""
    if period == ALL:
        return Span(None, None)
    if match := _MONTH.fullmatch(period):
        first, months = int(match[2]), 1
    elif match := _QUARTER.fullmatch(period):
        first, months = int(match[2]) * 3 - 2, 3
    else:
        raise UnknownPeriod(period=period)
    year = int(match[1])
    if not 1 < year < 9999:
        raise UnknownPeriod(period=period)
    end = date(year + 1, 1, 1) if first + months > 12 else date(year, first + months, 1)
    return Span(start_of_day(date(year, first, 1), zone), start_of_day(end, zone))


def is_open(period: str, now: datetime, zone: str) -> bool:
    """Tell whether points earned now would count in ``period``. The boards of a season are there only as long as it is open."""
    return period.startswith("s") or period in periods_of(now, zone)


def needs_look(period: str, looked_at: datetime, members: int, now: datetime, zone: str) -> bool:
    """Tell whether fences looked at then may be out of date: after half a minute, a minute on a huge board, an hour in a closed period."""
    wait = (LOOK_HUGE if members > HUGE else LOOK_OPEN) if is_open(split_key(period)[0], now, zone) else LOOK_CLOSED
    return now - looked_at >= wait


def anchors(scores: Sequence[int]) -> list[int]:
    """Return the scores whose places tell those of all ``scores``, which stand one right below the other: the first, and the first that differs."""
    return list(dict.fromkeys(scores))[:2]


def places_below(scores: Sequence[int], known: Mapping[int, int]) -> list[int]:
    """Return the place of each of ``scores``, which stand one right below the other, from the places of their ``anchors``.

    Below the first score that differs nobody is left out, so each new score is as many places further as there are lines between.
    """
    places: list[int] = []
    line = next((index for index, score in enumerate(scores) if score != scores[0]), 0)
    for index, score in enumerate(scores):
        if score in known:
            places.append(known[score])
        elif score == scores[index - 1]:
            places.append(places[-1])
        else:
            places.append(known[scores[line]] + index - line)
    return places


def ranked(rows: Iterable[Row], score: Callable[[Row], int]) -> Iterator[tuple[int, Row]]:
    """Yield each of ``rows``, which come highest first, with its place. Equal scores share a place: 1, 1, 3."""
    place, before = 0, None
    for position, row in enumerate(rows, start=1):
        if score(row) != before:
            place, before = position, score(row)
        yield place, row
