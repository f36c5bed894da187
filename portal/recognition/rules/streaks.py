"""Weekly streaks: in which week an act counts, and how many weeks in a row somebody has been active.

A week runs from Monday to Sunday in the member's own time zone. Once a month, by itself, a freeze
keeps a streak over a week without an act; the week counts for the month its Monday lies in, and adds
nothing to the streak.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.kernel.clock import local_date
from portal.kernel.errors import Refusal
from portal.kernel.text import N_

WEEK = timedelta(days=7)
LOOKED_BACK = timedelta(days=3 * 366)
"""Nobody looks further back, and nobody's page grows for ever."""
MOST_WEEKS = LOOKED_BACK // WEEK


class StreakTooLong(Refusal):
    """A streak of more weeks than are looked at would be earned by nobody."""

    message = N_("Please give %(most)s weeks at most: we look back three years.")
    field = "weeks"


@dataclass(frozen=True)
class Streak:
    """``weeks`` active weeks in a row up to now, and the ``longest`` ever. ``is_safe`` tells that this week has its act.

    ``frozen`` are the empty weeks that a freeze bridged in the present streak; ``has_freeze`` tells that
    this month's freeze is still there.
    """

    weeks: int = 0
    longest: int = 0
    is_safe: bool = False
    frozen: tuple[date, ...] = ()
    has_freeze: bool = True


class Week(StrEnum):
    """What became of a week: active, bridged by a freeze, empty."""

    ACTIVE = "active"
    FROZEN = "frozen"
    EMPTY = "empty"


def week_of(moment: datetime, zone: str) -> date:
    """Return the Monday of the week in which ``moment`` lies in ``zone``."""
    day = local_date(moment, zone)
    return day - timedelta(days=day.weekday())


def week_counted(moment: datetime, zone: str, last: tuple[date, str] | None) -> date:
    """Return the Monday of the week in which an act of ``moment`` counts for a member who now lives in ``zone``.

    ``last`` is the week of the act before it and the zone that it was counted in. Who moves gains
    nothing: a week that has begun is lived to its end in its own zone, so one moment more is no second
    week; and a week that is over there does not begin again further west.
    """
    here = week_of(moment, zone)
    if last is None:
        return here
    week, lived_in = last
    there = week_of(moment, lived_in)
    return week if there == week else max(here, there)


def streak_of(weeks: Iterable[date], this_week: date) -> Streak:
    """Return the streak of somebody who was active in ``weeks`` (Mondays), seen from ``this_week``. Later weeks are left out."""
    active = sorted({week for week in weeks if week <= this_week})
    spent: set[tuple[int, int]] = set()
    run, longest, frozen = 0, 0, list[date]()
    for _week, run, bridged in runs_of(active, spent):
        longest, frozen = max(longest, run), bridged
    is_safe = bool(active) and active[-1] == this_week
    if active and not is_safe:
        since = _bridge(active[-1], this_week, spent)
        run, frozen = (run, frozen + since) if since is not None else (0, [])
    return Streak(run, longest, is_safe, tuple(frozen), (this_week.year, this_week.month) not in spent)


def runs_of(active: Iterable[date], spent: set[tuple[int, int]] | None = None) -> Iterator[tuple[date, int, list[date]]]:
    """Yield each of ``active`` weeks, which ascend, with how many in a row it is, and the weeks that freezes bridged in that row.

    The months of which the freeze is used are noted in ``spent``.
    """
    spent = set() if spent is None else spent
    before, run, frozen = None, 0, list[date]()
    for week in active:
        bridged = _bridge(before, week, spent) if before else None
        run, frozen = (1, []) if bridged is None else (run + 1, frozen + bridged)
        before = week
        yield week, run, frozen


def recent_weeks(weeks: Iterable[date], streak: Streak, this_week: date, number: int, *, joined: date | None = None) -> list[tuple[date, Week]]:
    """Return the last ``number`` weeks up to this one with what became of each, the oldest first.

    None from before the week in which the person ``joined``, unless they did something earlier.
    """
    active = set(weeks)
    first = min([joined, *active]) if joined else date.min
    shown = [day for day in (this_week - (number - 1 - n) * WEEK for n in range(number)) if day >= first]
    return [(day, Week.ACTIVE if day in active else Week.FROZEN if day in streak.frozen else Week.EMPTY) for day in shown]


def _bridge(before: date, week: date, spent: set[tuple[int, int]]) -> list[date] | None:
    """Return the empty weeks between two active ones if each has its month's freeze, which is then spent; None if the streak breaks."""
    empty = [before + n * WEEK for n in range(1, (week - before).days // 7)]
    months = [(day.year, day.month) for day in empty]
    if len(set(months)) < len(months) or set(months) & spent:
        return None
    spent.update(months)
    return empty
