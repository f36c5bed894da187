"""What happened, as both sides say: when they are asked, and what follows from what they say, or from their silence."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.kernel.text import N_, clean
from portal.requests.rules.answering import REASON_LENGTH, in_zone
from portal.requests.rules.refusals import GradeNeeded, LengthNeeded, OutsideBefore, OutsideLater, RulingReason, SlotNever

ASK_AFTER = timedelta(hours=2)
"""So long after the planned end both sides are asked (A1, as others check attendance then)."""
GRADES = {1: N_("Very negative"), 2: N_("Negative"), 3: N_("Neutral"), 4: N_("Positive"), 5: N_("Very positive")}
"""Expected and actual grade, in five steps (A1)."""
MOST_MINUTES = 6_000
WHO_LENGTH = 200


class Side(StrEnum):
    """Who says what happened."""

    REQUESTER = "requester"
    CUSTOMER = "customer"


class Verdict(StrEnum):
    """What follows from what was said so far."""

    WAIT = "wait"
    COMPLETED = "completed"
    MISSED = "missed"
    DISPUTED = "disputed"


@dataclass(frozen=True)
class Said:
    """What one side said, and when."""

    came: bool
    said_at: datetime


def ask_at(starts_at: datetime, minutes: int) -> datetime:
    """Return when both sides are asked about a meeting."""
    return starts_at + timedelta(minutes=minutes) + ASK_AFTER


def verdict(requester: Said | None, customer: Said | None, now: datetime, *, confirm_days: int) -> Verdict:
    """Return what follows. Where one side says it and the other is silent for ``confirm_days`` days, that stands; where they differ, a person
    decides.
    """
    both = [said for said in (requester, customer) if said is not None]
    if len(both) == 2:
        if differ(said.came for said in both):
            return Verdict.DISPUTED
        return Verdict.COMPLETED if both[0].came else Verdict.MISSED
    if both and now >= both[0].said_at + timedelta(days=confirm_days):
        return Verdict.COMPLETED if both[0].came else Verdict.MISSED
    return Verdict.WAIT


def differ(came: Iterable[bool]) -> bool:
    """Tell whether what the sides say contradicts each other: then an admin decides, and nobody else goes on with it."""
    return len(set(came)) > 1


def is_news(came: bool, customer: bool | None) -> bool:
    """Tell whether what is written down is news to the customer: other than they said (``customer``), or a miss of which they said nothing.

    That it took place, of which they said nothing, they hear with the thanks.
    """
    return came is not customer and not (came and customer is None)


def require_grade(side: Side, came: bool, grade: int | None) -> int | None:
    """Return the grade that is kept: the requester gives one to what took place, and nobody else does. Refuses none, and one out of range."""
    if side is not Side.REQUESTER or not came:
        return None
    if grade not in GRADES:
        raise GradeNeeded()
    return grade


def require_why(reason: str) -> str:
    """Return why an admin decides what happened, or puts it right, as it is kept. Refuses ``RulingReason`` where they do not say."""
    why = clean(reason)[:REASON_LENGTH]
    if not why:
        raise RulingReason()
    return why


def require_outside(wall: datetime, zone: str, minutes: int, *, opened_at: datetime | None, now: datetime) -> datetime:
    """Return when a meeting began, in UTC, that was arranged outside the portal and is over by ``now``; ``wall`` is what a clock in ``zone``
    showed. Refuses a length that is none, a time that never was, one that is still to come or goes on, and one before the request was sent.
    """
    if not 0 < minutes <= MOST_MINUTES:
        raise LengthNeeded(most=MOST_MINUTES)
    try:
        starts_at = in_zone(wall, zone)
    except SlotNever as refusal:
        refusal.field = "day"
        raise
    if starts_at + timedelta(minutes=minutes) > now:
        raise OutsideLater()
    if opened_at is not None and starts_at < opened_at.replace(second=0, microsecond=0):
        raise OutsideBefore()
    return starts_at
