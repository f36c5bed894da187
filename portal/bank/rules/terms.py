"""On what terms points are earned: whether and when they expire, how long they wait, and when their owner is told."""

from datetime import date

from portal.kernel.errors import Refusal
from portal.kernel.text import N_
from portal.ledger.lots import MOST_MONTHS, MOST_PENDING_DAYS, PolicyKind

STEPS = (7, 30)
"""So many days before points expire their owner is told; the later notice is looked for first, so that nobody gets both at once."""
SOON = 30
POLICY_NAMES = {
    PolicyKind.NONE: N_("Never"),
    PolicyKind.FIXED: N_("Some months after they were earned"),
    PolicyKind.INACTIVITY: N_("Some months after the last activity"),
}


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
