"""Pure decisions of the pages made of many rooms: what is late, what a change means, how a day begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import sqrt

from portal.kernel.clock import local_date, start_of_day
from portal.kernel.errors import Refusal
from portal.kernel.text import N_

LATE_AFTER = timedelta(days=3)
BULK_SIZE = 100
CHART_MONTHS = 12
COUNT_EVERY = timedelta(minutes=1)
CERTAIN = 1.96
HIGHEST_ID = 2**63 - 1


class VerdictUnknown(Refusal):
    """No such verdict on this kind of thing."""

    message = N_("That is not one of the verdicts here.")
    status = 404


class NothingChosen(Refusal):
    """A bulk verdict without anything chosen."""

    message = N_("Choose at least one line first.")


class Greeting(StrEnum):
    """How a page says hello, by the reader's clock."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class Change(StrEnum):
    """What to say about two counts."""

    NOTHING = "nothing"
    FIRST = "first"
    SAME = "same"
    MORE = "more"
    FEWER = "fewer"
    CHANCE_MORE = "chance_more"
    CHANCE_FEWER = "chance_fewer"


@dataclass(frozen=True)
class Stretch:
    """Moments from ``since`` up to, not including, ``until``."""

    since: datetime
    until: datetime


def greeting(hour: int) -> Greeting:
    """Return the greeting for an hour of the reader's day."""
    if 4 <= hour < 12:
        return Greeting.MORNING
    return Greeting.AFTERNOON if 12 <= hour < 18 else Greeting.EVENING


def is_late(waiting_since: datetime, now: datetime) -> bool:
    """Tell whether something has waited three days or longer."""
    return now - waiting_since >= LATE_AFTER


def change(now: int, before: int) -> Change:
    """Say what two counts of the same length of time mean.

    Counts of independent events scatter by about their root (Poisson), so a difference within 1.96
    times the root of their sum happens by chance in 19 of 20 such comparisons, and is called that.
    """
    if now == before:
        return Change.SAME if now else Change.NOTHING
    if not before:
        return Change.FIRST
    is_certain = abs(now - before) > CERTAIN * sqrt(now + before)
    if now > before:
        return Change.MORE if is_certain else Change.CHANCE_MORE
    return Change.FEWER if is_certain else Change.CHANCE_FEWER


def month_so_far(now: datetime, zone: str) -> tuple[Stretch, Stretch]:
    """Return this month up to now, and as many days of the month before, so that the two can be compared.

    At the end of a long month the other one is shorter; then it is taken whole.
    """
    today = local_date(now, zone)
    first = today.replace(day=1)
    before = months_back(first, 1)
    start, earlier = start_of_day(first, zone), start_of_day(before, zone)
    return Stretch(start, now), Stretch(earlier, min(earlier + (now - start), start))


def is_count_due(counted_at: datetime, seconds: int, now: datetime) -> bool:
    """Tell whether figures that took ``seconds`` to count are to be counted again: after a minute, and never more than a fiftieth of the time."""
    return now - counted_at >= max(COUNT_EVERY, timedelta(seconds=50 * seconds))


def months_back(first: date, number: int) -> date:
    """Return the first day of the month ``number`` months before."""
    months = first.year * 12 + first.month - 1 - number
    return date(months // 12, months % 12 + 1, 1)


def month_starts(now: datetime, zone: str, number: int = CHART_MONTHS) -> list[date]:
    """Return the first days of the last ``number`` months, this one last."""
    first = local_date(now, zone).replace(day=1)
    return [months_back(first, back) for back in range(number - 1, -1, -1)]


def round_top(highest: int) -> int:
    """Return a round number at or above ``highest`` that can be halved, for the axis of a chart."""
    unit = 1
    while unit * 10 < highest:
        unit *= 10
    return next(unit * step for step in (4, 6, 8, 10) if unit * step >= highest) if highest > 2 * unit or unit == 1 else 2 * unit


def item_of(key: str) -> tuple[str, int] | None:
    """Return kind and number of a key such as ``attempt-12``, or None where it is none."""
    kind, _dash, digits = key.rpartition("-")
    if not kind or not digits.isdecimal() or len(digits) > 19 or int(digits) > HIGHEST_ID:
        return None
    return kind, int(digits)


def first_name(name: str) -> str:
    """Return how a greeting calls somebody."""
    return (name.split() or [""])[0]


class Win(StrEnum):
    """A quick win of a new member."""

    CHALLENGE = "challenge"
    FIRST_POINTS = "first_points"
    INTERESTS = "interests"
    PROFILE = "profile"


@dataclass(frozen=True)
class QuickWin:
    """A quick win, and whether it is done."""

    win: Win
    is_done: bool


def quick_wins(challenge: bool | None, *, has_points: bool, has_open: bool, has_wishes: bool, has_profile: bool) -> tuple[QuickWin, ...]:
    """Return a new member's quick wins in order: first points, what they like doing, how they appear here.

    ``challenge``: whether the one that new members are offered first is done, None where none is offered. Then any first points are
    the win, as long as something is open to the member or they have some.
    """
    first = [QuickWin(Win.FIRST_POINTS, has_points)] if has_points or has_open else []
    if challenge is not None:
        first = [QuickWin(Win.CHALLENGE, challenge)]
    return (*first, QuickWin(Win.INTERESTS, has_wishes), QuickWin(Win.PROFILE, has_profile))


class Opening(StrEnum):
    """What a new programme needs, in the order in which it is best done."""

    COMPANY = "company"
    CHALLENGE = "challenge"
    PEOPLE = "people"
    BADGES = "badges"
    REWARDS = "rewards"


def first_steps(done: Mapping[Opening, bool]) -> tuple[tuple[Opening, bool], ...]:
    """Return what an admin does first, in order, with whether it is done. None once a challenge was published and somebody was invited.

    The name of the company comes first, so that no mail goes out without it. Badges and rewards are offered with the rest, but
    a programme can do without them.
    """
    if done[Opening.CHALLENGE] and done[Opening.PEOPLE]:
        return ()
    return tuple((step, done[step]) for step in Opening)
