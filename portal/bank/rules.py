"""What a line of the statement is called, and who may correct a balance by hand."""

from datetime import date

from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, Refusal
from portal.kernel.text import N_
from portal.ledger.lots import MOST_MONTHS, MOST_PENDING_DAYS, PolicyKind
from portal.ledger.rules import MOST_POINTS, TransferKind

REASON = "bank.adjusted"
STEPS = (7, 30)
"""So many days before points expire their owner is told; the later notice is looked for first, so that nobody gets both at once."""
SOON = 30
LINE_NAMES = {
    TransferKind.AWARD: N_("Earned"),
    TransferKind.HOLD: N_("Held for a reward"),
    TransferKind.RELEASE: N_("Given back"),
    TransferKind.ADJUST: N_("Corrected by hand"),
    TransferKind.REVERSE: N_("Taken back"),
    TransferKind.EXPIRE: N_("Expired"),
}
POLICY_NAMES = {
    PolicyKind.NONE: N_("Never"),
    PolicyKind.FIXED: N_("Some months after they were earned"),
    PolicyKind.INACTIVITY: N_("Some months after the last activity"),
}
RETURNED = N_("Returned")
WAITS = N_("Pending until %(day)s")
WAITED = N_("No longer pending")


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


class WouldOwe(Refusal):
    """A correction takes more than there is: asked once more, with the result. Facts: ``before`` and ``after`` to spend, ``owed`` then."""

    message = N_("This takes more than they have: %(before)s → %(after)s, %(owed)s owed. Nothing is changed yet.")


class MonthsNeeded(Refusal):
    """Terms by which points expire say after how long."""

    message = N_("Say after how many months, from 1 to %(most)s.")
    field = "months"


class DaysOutOfRange(Refusal):
    """Points wait for a year at most."""

    message = N_("Choose a number of days from 0 to %(most)s.")
    field = "pending_days"


class InThePast(Refusal):
    """Terms change what is earned later, never what was earned."""

    message = N_("Choose today or a later day. What was earned before keeps its terms.")
    field = "from_on"


def require_terms(kind: PolicyKind, months: int | None, pending_days: int, from_on: date | None, today: date) -> int | None:
    """Return the months that belong to terms of this kind. Refuses: MonthsNeeded, DaysOutOfRange, InThePast."""
    if kind is not PolicyKind.NONE and not (months and 1 <= months <= MOST_MONTHS):
        raise MonthsNeeded(most=MOST_MONTHS)
    if not 0 <= pending_days <= MOST_PENDING_DAYS:
        raise DaysOutOfRange(most=MOST_PENDING_DAYS)
    if from_on is not None and from_on < today:
        raise InThePast()
    return None if kind is PolicyKind.NONE else months


def line_name(kind: TransferKind, points: int) -> str:
    """Return what a line is called, marked for translation. A reversed fulfilment gives points, any other reversal takes them."""
    return RETURNED if kind is TransferKind.REVERSE and points > 0 else LINE_NAMES[kind]


def require_adjuster(actor: Actor, person_id: int) -> None:
    """Refuses: NotAllowed to who is no admin, OwnBalance on one's own points."""
    if not actor.is_admin:
        raise NotAllowed()
    if actor.id == person_id:
        raise OwnBalance()


def require_adjustment(points: int, reason: str) -> str:
    """Return the reason. Refuses: NothingToChange, TooMuch, ReasonNeeded."""
    if points == 0:
        raise NothingToChange()
    if abs(points) > MOST_POINTS:
        raise TooMuch(most=MOST_POINTS)
    if not reason.strip():
        raise ReasonNeeded()
    return reason.strip()


def require_agreed(owed_before: int, owed: int, most_owed: int | None, **result: int) -> None:
    """Refuses a correction that makes a debt, or a larger one, of more than ``most_owed`` points (WouldOwe). None asks nobody.

    ``result`` are the facts that the question shows beside it.
    """
    if most_owed is not None and owed > max(owed_before, most_owed):
        raise WouldOwe(owed=owed, **result)
