"""Where a person stands with a challenge: is it open, under way, waiting or done, may it be started, and when again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from portal.challenges.rules import refusals
from portal.challenges.rules.lifecycle import Lifecycle, lifecycle
from portal.challenges.rules.states import SubmissionState
from portal.kernel.clock import local_date
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.text import N_


class Availability(StrEnum):
    """What the challenge itself allows today."""

    DRAFT = "draft"
    NOT_YET = "not_yet"
    OPEN = "open"
    PAUSED = "paused"
    ENDED = "ended"
    CLOSED = "closed"
    GONE = "gone"


class Standing(StrEnum):
    """What a person may do next with an open challenge."""

    OPEN = "open"
    UNDER_WAY = "under_way"
    WAITING = "waiting"
    SHUT = "shut"
    DONE = "done"


STANDING_NAMES = {
    Standing.OPEN: N_("Open to you"),
    Standing.UNDER_WAY: N_("Under way"),
    Standing.WAITING: N_("Waiting for an answer"),
    Standing.SHUT: N_("Not open now"),
    Standing.DONE: N_("Done"),
}


@dataclass(frozen=True)
class Tally:
    """A person's submissions to one challenge, counted. ``used`` are the slots taken in the current period.

    ``active`` are those with the person's move, ``resting`` those that could be sent again, but somebody else looks first.
    """

    used: int = 0
    active: int = 0
    waiting: int = 0
    resting: int = 0


def availability(state: str, opens_on: date | None, closes_on: date | None, today: date) -> Availability:
    """Return what a challenge allows on ``today``, a day of the programme's zone. The closing day itself still counts."""
    return _ALLOWED[lifecycle(state, opens_on, closes_on, today)]


_ALLOWED = {
    Lifecycle.DRAFT: Availability.DRAFT,
    Lifecycle.SCHEDULED: Availability.NOT_YET,
    Lifecycle.LIVE: Availability.OPEN,
    Lifecycle.PAUSED: Availability.PAUSED,
    Lifecycle.EXPIRED: Availability.ENDED,
    Lifecycle.CLOSED: Availability.CLOSED,
    Lifecycle.ARCHIVED: Availability.GONE,
}


def is_active(state: str, declines: int, max_attempts: int | None) -> bool:
    """Tell whether the person can go on with a submission: under way, more was wanted, or declined with a try left."""
    if state == SubmissionState.DECLINED:
        return max_attempts is None or declines < max_attempts
    return state in (SubmissionState.OPEN, SubmissionState.MORE_WANTED)


def standing(tally: Tally, per_period: int, *, is_shut: bool = False) -> Standing:
    """Return where a person stands. What is under way comes first; what waits stops nobody from using a free slot, but what rests does:
    to begin would be to go on with that.

    ``is_shut``: slots are free, but nobody, or not this person, can begin now.
    """
    if tally.active:
        return Standing.UNDER_WAY
    if tally.resting:
        return Standing.WAITING
    if tally.used < per_period and not is_shut:
        return Standing.OPEN
    if tally.used < per_period:
        return Standing.WAITING if tally.waiting else Standing.SHUT
    return Standing.WAITING if tally.waiting else Standing.DONE


def free_slot(taken: Iterable[int], per_period: int) -> int | None:
    """Return the first slot from 1 to ``per_period`` that is not taken, or None."""
    used = set(taken)
    return next((nth for nth in range(1, per_period + 1) if nth not in used), None)


def again_on(free_at: datetime | None, closes_on: date | None, zone: str, programme_zone: str) -> date | None:
    """Return the day, in the member's ``zone``, from which a challenge may be done again; None when it may not, or closes before."""
    if free_at is None or (closes_on and local_date(free_at, programme_zone) > closes_on):
        return None
    return local_date(free_at, zone)


def why_not_open(found: Availability, opens_on: date | None, closes_on: date | None) -> Refusal | None:
    """Return why nobody can begin today, or None. A draft is not even known."""
    if found is Availability.NOT_YET:
        return refusals.ChallengeNotOpenYet(day=opens_on)
    if found is Availability.ENDED:
        return refusals.ChallengeEnded(day=closes_on)
    return _WHY[found]() if found in _WHY else None


_WHY: dict[Availability, type[Refusal]] = {
    Availability.PAUSED: refusals.ChallengePaused,
    Availability.CLOSED: refusals.ChallengeClosed,
    Availability.GONE: refusals.ChallengeClosed,
    Availability.DRAFT: NotFound,
}


def why_not_again(day: date | None) -> Refusal:
    """Return the refusal for somebody who has used every slot of the current period; ``day`` is when it may be done again."""
    return refusals.AllTimesUsed(day=day) if day else refusals.AlreadyTakenPart()


def is_full(total_limit: int | None, taken: int) -> bool:
    """Tell whether every place of a challenge for the first so many is taken."""
    return total_limit is not None and taken >= total_limit


def why_not_answer(found: Availability, state: str, opens_on: date | None, closes_on: date | None) -> Refusal | None:
    """Return why what was begun may no longer be sent, or None. What the reviewer asked for may be given after the closing day too.

    A pause stops nobody who has begun: their time is not lost by what happens to the challenge. Whoever wants to stop them closes it,
    and that stops also those who were asked for more.
    """
    was_asked = found is Availability.ENDED and state == SubmissionState.MORE_WANTED
    may_go_on = found is Availability.PAUSED or was_asked
    return None if may_go_on else why_not_open(found, opens_on, closes_on)
