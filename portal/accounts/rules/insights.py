"""What of a customer's answers reaches their account owner, and when a week of it is told. Pure."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.kernel.clock import local_date
from portal.kernel.text import N_

HOUR = 7
"""A week is told from this hour of the Monday after it, in the programme's zone."""
MOST_LINES = 12
"""So many stand in a mail, scores that need a call first; all of them on the page that it leads to."""
SAID_LENGTH = 10_000
DETRACTOR, PROMOTER = 6, 9


class InsightKind(StrEnum):
    """What was said: an answer in own words, or a score from 0 to 10 with its reason."""

    ANSWER = "answer"
    SCORE = "score"


class Side(StrEnum):
    """What a score means (Net Promoter): up to 6, 7 and 8, from 9 on."""

    DETRACTOR = "detractor"
    PASSIVE = "passive"
    PROMOTER = "promoter"


SIDE_NAMES = {Side.DETRACTOR: N_("Detractor"), Side.PASSIVE: N_("Passive"), Side.PROMOTER: N_("Promoter")}


def side_of(score: int) -> Side:
    """Return what a score from 0 to 10 means."""
    if score <= DETRACTOR:
        return Side.DETRACTOR
    return Side.PROMOTER if score >= PROMOTER else Side.PASSIVE


def is_passed_on(kind: InsightKind, *, said: str, score: int | None) -> bool:
    """Tell whether an answer says something to an account owner: any words, and of a score alone one that is no passive's."""
    if kind is InsightKind.SCORE:
        return score is not None and (bool(said.strip()) or side_of(score) is not Side.PASSIVE)
    return bool(said.strip())


def last_week(now: datetime, zone: str) -> date:
    """Return the Monday of the last ISO week that is over, and may be told by now, in ``zone``."""
    day = local_date(now - timedelta(hours=HOUR), zone)
    return day - timedelta(days=day.weekday() + 7)
