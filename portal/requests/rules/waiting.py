"""The clock of what a customer said yes to: a time that nobody picks, and what is done without a meeting and of which nobody says so."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.kernel.text import N_
from portal.requests.rules.terms import Terms

ROUNDS = 2
"""So often a customer is asked for new times. Who offered them twice in vain is let go, and not asked a third time."""


class WaitWord(StrEnum):
    """Why another time is looked for: what the prospect said of the times, or that whoever asked wants another one."""

    NONE_SUITS = "none_suits"
    NOT_NEEDED = "not_needed"
    ANOTHER = "another"


PROSPECT_WORDS = {
    WaitWord.NONE_SUITS: N_("None of these times suits us"),
    WaitWord.NOT_NEEDED: N_("We cannot come, or do not need it any more (please say why)"),
}


@dataclass(frozen=True)
class Wait:
    """How long a request has been agreed to: ``since_at`` the yes, or the last times that were offered. ``asked_at`` is when the customer was
    asked for new times, or both sides whether it is done; ``reminded_at`` when who is silent was reminded, since one or the other.
    ``rounds`` counts how often new times were asked for. ``word`` is why another time is looked for, with the ``words`` that were said.
    """

    since_at: datetime
    reminded_at: datetime | None = None
    asked_at: datetime | None = None
    rounds: int = 0
    word: str | None = None
    words: str = ""

    @property
    def is_unneeded(self) -> bool:
        """Tell whether the prospect cannot come, or needs it no more: the requester decides what follows."""
        return self.word == WaitWord.NOT_NEEDED


class WaitDue(StrEnum):
    """What the clock does about what was agreed to."""

    NOTHING = "nothing"
    REMIND_PICK = "remind_pick"
    ASK_TIMES = "ask_times"
    REMIND_TIMES = "remind_times"
    ASK_DONE = "ask_done"
    REMIND_DONE = "remind_done"
    REMIND_SAID = "remind_said"
    TELL_SILENCE = "tell_silence"
    GIVE_UP = "give_up"


class GaveUp(StrEnum):
    """Why a request ended after the yes, kept as what left it unfilled."""

    NO_TIME = "no_time_picked"
    NOT_SAID = "not_said"


GAVE_UP_NAMES = {
    GaveUp.NO_TIME: N_("Agreed to, but no time was picked"),
    GaveUp.NOT_SAID: N_("Agreed to, but nobody said that it was done"),
}


def due_of_meeting(wait: Wait, *, has_times: bool, now: datetime, terms: Terms) -> WaitDue:
    """Return what is due about a meeting that has no time yet. ``has_times``: an offered time is still to come.

    While there are times, who picks is reminded once, ``pick_days`` after they were offered. When the last is over, the customer is asked for
    new ones, reminded after ``remind_days``, and let go after ``last_days``; so they are at once after ``ROUNDS`` rounds. Where the prospect
    needs it no more, nobody is written to, and it ends after ``last_days`` unless the requester does something.
    """
    if wait.is_unneeded:
        return WaitDue.GIVE_UP if now >= wait.since_at + timedelta(days=terms.last_days) else WaitDue.NOTHING
    if has_times:
        return WaitDue.REMIND_PICK if wait.reminded_at is None and now >= wait.since_at + timedelta(days=terms.pick_days) else WaitDue.NOTHING
    if wait.asked_at is None:
        return WaitDue.ASK_TIMES if wait.rounds < ROUNDS else WaitDue.GIVE_UP
    return _late(wait, wait.asked_at, WaitDue.REMIND_TIMES, now, terms)


def due_of_done(wait: Wait, *, said: int, now: datetime, terms: Terms) -> WaitDue:
    """Return what is due about what is done without a meeting. ``said``: how many of the two sides said what happened.

    Both are asked ``done_days`` after the yes, and at once when one says something; who is silent is reminded after ``remind_days``.
    Where both are silent, it ends after ``last_days``; what one side says stands by itself, and where they differ a person decides.
    """
    if wait.asked_at is None:
        return WaitDue.ASK_DONE if said == 1 or (not said and now >= wait.since_at + timedelta(days=terms.done_days)) else WaitDue.NOTHING
    return _late(wait, wait.asked_at, WaitDue.REMIND_DONE, now, terms) if not said else WaitDue.NOTHING


def due_of_silence(wait: Wait, asked_at: datetime, *, said: int, now: datetime, terms: Terms) -> WaitDue:
    """Return what is due about a meeting that is over, of which both were asked at ``asked_at`` and neither says anything.

    They are reminded once, and after ``last_days`` admins are told, who decide: somebody may have given their time, so that it does not end
    by itself. ``wait.asked_at`` is when the admins were told; what was noted before the meeting does not count.
    """
    if said or (wait.asked_at is not None and wait.asked_at >= asked_at):
        return WaitDue.NOTHING
    reminded_at = wait.reminded_at if wait.reminded_at is not None and wait.reminded_at >= asked_at else None
    due = _late(Wait(asked_at, reminded_at, asked_at), asked_at, WaitDue.REMIND_SAID, now, terms)
    return WaitDue.TELL_SILENCE if due is WaitDue.GIVE_UP else due


def ends_at(wait: Wait, terms: Terms) -> datetime | None:
    """Return when it ends if nobody says anything, once somebody was asked."""
    return wait.asked_at + timedelta(days=terms.last_days) if wait.asked_at is not None else None


def _late(wait: Wait, asked_at: datetime, reminder: WaitDue, now: datetime, terms: Terms) -> WaitDue:
    if now >= asked_at + timedelta(days=terms.last_days):
        return WaitDue.GIVE_UP
    return reminder if wait.reminded_at is None and now >= asked_at + timedelta(days=terms.remind_days) else WaitDue.NOTHING
