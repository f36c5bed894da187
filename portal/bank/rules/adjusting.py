"""Corrections by hand: who may make one, their categories and states, the limits of one admin a month, and the second pair of eyes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.errors import Conflict, NotAllowed, Refusal
from portal.kernel.text import N_
from portal.ledger.rules import MOST_POINTS

REASON, REASON_UNDONE, REASON_IMPORT_UNDONE = "bank.adjusted", "bank.undone", "bank.import_undone"
KIND = "adjustment"
"""What a correction that waits is called in the approvals queue, and as the source of its line."""
REASON_LENGTH = 500
DEFAULT_LIMIT = 100_000
COMMAND_LINE = 0
"""Under this number the command line, which is no person, is counted: it has the limits of one admin."""


class Category(StrEnum):
    """Why points are corrected."""

    ERROR = "error"
    GOODWILL = "goodwill"
    EVENT = "event"
    CONTEST = "contest"
    PROMOTION = "promotion"
    MISUSE = "misuse"
    OTHER = "other"


CATEGORY_NAMES = {
    Category.ERROR: N_("Error in our records"),
    Category.GOODWILL: N_("Goodwill"),
    Category.EVENT: N_("Event attendance"),
    Category.CONTEST: N_("Contest"),
    Category.PROMOTION: N_("Promotion"),
    Category.MISUSE: N_("Against the rules"),
    Category.OTHER: N_("Other reason"),
}


class State(StrEnum):
    """Waiting for a second admin → booked or declined; withdrawn by who asked; undone with its import."""

    WAITING = "waiting"
    BOOKED = "booked"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    UNDONE = "undone"


STATE_NAMES = {
    State.WAITING: N_("Waits for a second admin"),
    State.BOOKED: N_("Booked"),
    State.DECLINED: N_("Declined"),
    State.WITHDRAWN: N_("Withdrawn"),
    State.UNDONE: N_("Undone"),
}


class OwnBalance(NotAllowed):
    """Nobody gives points to themselves."""

    message = N_("You cannot change your own points. Ask another admin.")


class NothingToChange(Refusal):
    """A correction moves at least one point."""

    message = N_("Enter how many points to add, or a number below zero to take some away.")
    field = "points"


class TooMuch(Refusal):
    """More than a transfer may carry."""

    message = N_("That is more than %(most)s points.")
    field = "points"


class ReasonNeeded(Refusal):
    """The person reads why."""

    message = N_("Please give a reason. The person will read it.")
    field = "reason"


class CategoryUnknown(Refusal):
    """Each correction is of one category."""

    message = N_("Please choose what kind of correction this is.")
    field = "category"


class DayInTheFuture(Refusal):
    """Points count from today at the latest."""

    message = N_("Points cannot count from a day that is still to come.")


class WouldOwe(Refusal):
    """A correction takes more than there is: asked once more, with the result. Facts: ``before`` and ``after`` to spend, ``owed`` then."""

    message = N_("This takes more than they have: %(before)s → %(after)s, %(owed)s owed. Nothing is changed yet.")


class MonthlyLimitReached(Refusal):
    """One admin gives, and takes, only so much in a month. Facts: ``limit`` and what is ``left`` of it."""

    message = N_("One admin may give at most %(limit)s points by hand in a month. %(left)s are left to you. Nothing was changed.")
    field = "points"


class MonthlyTakingReached(MonthlyLimitReached):
    """The limit of what is taken."""

    message = N_("One admin may take at most %(limit)s points by hand in a month. %(left)s are left to you. Nothing was changed.")


class LimitOutOfRange(Refusal):
    """A limit is a number of points that can be kept to."""

    message = N_("A limit is between 0 and %(most)s points. Leave it empty for none.")


class AskedYourself(NotAllowed):
    """Who asked for a correction is not the second pair of eyes."""

    message = N_("You asked for this correction, so another admin has to decide.")


class NotYourRequest(NotAllowed):
    """A request is withdrawn by who made it."""

    message = N_("Only who asked for this correction can withdraw it. You can decline it.")


class TwoDecided(NotAllowed):
    """What two admins decided on is not undone by one."""

    message = N_("Two admins decided on this correction, so one alone cannot undo it. Correct it by the opposite, which a second admin sees too.")


class DecisionMissing(Refusal):
    """Who asked reads why not."""

    message = N_("Please give a reason. Whoever asked will read it.")
    field = "reason"


class NotWaitingAnyMore(Conflict):
    """Somebody decided, or the request was withdrawn."""

    message = N_("This correction does not wait any more. Nothing was changed.")


@dataclass(frozen=True)
class Limits:
    """How many points one admin may give and take by hand in a calendar month of the programme. None is no limit."""

    given: int | None = DEFAULT_LIMIT
    taken: int | None = DEFAULT_LIMIT

    def of(self, points: int) -> int | None:
        """Return the limit that holds for a correction of so many points, by its sign."""
        return self.given if points > 0 else self.taken


@dataclass(frozen=True)
class Used:
    """What one admin gave and took by hand in a month."""

    given: int = 0
    taken: int = 0

    def of(self, points: int) -> int:
        """Return what was used of the limit that holds for so many points, by their sign."""
        return self.given if points > 0 else self.taken

    def plus(self, points: int) -> "Used":
        """Return what is used with a correction of ``points`` more."""
        return Used(self.given + max(points, 0), self.taken + max(-points, 0))


def month_of(moment: datetime, zone: str) -> str:
    """Return the calendar month of ``moment`` in ``zone``, such as 2026-11."""
    return f"{local_date(moment, zone):%Y-%m}"


def require_within(limits: Limits, used: Used, points: int) -> None:
    """Refuses a correction that takes an admin past the limit of the month (MonthlyLimitReached, MonthlyTakingReached); up to it is fine."""
    limit = limits.of(points)
    if limit is not None and used.of(points) + abs(points) > limit:
        refusal = MonthlyLimitReached if points > 0 else MonthlyTakingReached
        raise refusal(limit=limit, left=max(limit - used.of(points), 0))


def require_limits(limits: Limits) -> Limits:
    """Return the limits. Refuses ``LimitOutOfRange``."""
    if any(limit is not None and not 0 <= limit <= MOST_POINTS for limit in (limits.given, limits.taken)):
        raise LimitOutOfRange(most=MOST_POINTS)
    return limits


def reason_code(category: Category) -> str:
    """Return the code under which the ledger seals a correction of this category."""
    return f"{REASON}.{category}"


def category_of(code: str) -> Category | None:
    """Return the category that a code of the ledger names; None for other transfers and for corrections made before there were any."""
    head, dot, tail = code.rpartition(".")
    return Category(tail) if dot and head == REASON and tail in set(Category) else None


def require_adjuster(actor: Actor, person_id: int) -> None:
    """Refuses: NotAllowed to who is no admin, OwnBalance on one's own points."""
    if not actor.is_admin:
        raise NotAllowed()
    if actor.id == person_id:
        raise OwnBalance()


def require_second(actor: Actor, *, person_id: int, asked_by_id: int | None) -> None:
    """Refuses as ``require_adjuster``, and who asked (AskedYourself): who asks, who decides and whose points they are, are three people."""
    require_adjuster(actor, person_id)
    if actor.id is not None and actor.id == asked_by_id:
        raise AskedYourself()


def require_adjustment(points: int, reason: str) -> str:
    """Return the reason. Refuses: NothingToChange, TooMuch, ReasonNeeded."""
    if points == 0:
        raise NothingToChange()
    if abs(points) > MOST_POINTS:
        raise TooMuch(most=MOST_POINTS)
    if not reason.strip():
        raise ReasonNeeded()
    return reason.strip()


def require_category(category: str | None) -> Category:
    """Return the category. Refuses ``CategoryUnknown``."""
    if category not in set(Category):
        raise CategoryUnknown()
    return Category(str(category))


def require_agreed(owed_before: int, owed: int, most_owed: int | None, **result: int) -> None:
    """Refuses a correction that makes a debt, or a larger one, of more than ``most_owed`` points (WouldOwe). None asks nobody.

    ``result`` are the facts that the question shows beside it.
    """
    if most_owed is not None and owed > max(owed_before, most_owed):
        raise WouldOwe(owed=owed, **result)
