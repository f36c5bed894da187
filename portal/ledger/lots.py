"""Lots: the points of one owner, one month and one policy, and where they are now. Pure.

What comes in is put into the lot of its month; whatever moves later moves inside lots, so a lot always
knows where its points are: ``open`` to spend, ``held``, ``spent``, ``expired``, ``reversed`` with what gave
them, ``corrected`` away by hand, or ``paid`` to a debt. Spending takes what lapses first, ties by lot id.
What comes back comes back to its own lots. Where one has lapsed by then, it moves on to a lot of the same
month and policy that has ``GRACE``, so nobody's other points last longer. Days are days of the programme.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.kernel.clock import local_date

NEVER = date(9999, 12, 31)
"""A lot that never lapses carries a far day, since the engines order NULL differently."""
GRACE = timedelta(days=7)
NO_GRACE = date.min
"""What stands as ``grace_until`` of a month's own lot."""
PLACES = ("open", "held", "spent", "expired", "reversed", "corrected", "paid")
"""Where points of a lot can be: what was earned is their sum."""
NO_POLICY = 0
"""The policy of a lot that was earned while none stood."""
MOST_MONTHS = 120
MOST_PENDING_DAYS = 365


class PolicyKind(StrEnum):
    """Whether points lapse: never, so many months after the month they were earned in, or so many after the last activity."""

    NONE = "none"
    FIXED = "fixed"
    INACTIVITY = "inactivity"


@dataclass(frozen=True)
class Policy:
    """The terms points are earned on. They are the lot's for ever: a later policy changes later points only.

    ``pending_days`` is how long what is earned stays held before it can be spent. ``pushes`` tells that some
    policy of the unit, this or an earlier one, counts from the last activity.
    """

    id: int = NO_POLICY
    kind: PolicyKind = PolicyKind.NONE
    months: int = 0
    pending_days: int = 0
    pushes: bool = False


@dataclass(frozen=True)
class Move:
    """What one transfer does to one lot. ``earned`` is what comes in, or below zero moves on to another lot; the others sum to it."""

    lot_id: int
    earned: int = 0
    open: int = 0
    held: int = 0
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    corrected: int = 0
    paid: int = 0

    def __add__(self, other: "Move") -> "Move":
        assert self.lot_id == other.lot_id, "moves of one lot add up"
        return Move(self.lot_id, *(getattr(self, name) + getattr(other, name) for name in ("earned", *PLACES)))


def month_of(moment: datetime, zone: str) -> date:
    """Return the first day of the month of ``moment`` in ``zone``."""
    return local_date(moment, zone).replace(day=1)


def end_of_month(day: date, months: int) -> date:
    """Return the last day of the month that lies ``months`` after the month of ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months + 1, 12)
    return date(year, month + 1, 1) - timedelta(days=1)


def lapses_on(policy: Policy, *, month: date, day: date) -> date:
    """Return the last day on which points of ``month`` that come in on ``day`` can be spent.

    Points earned on 6 July 2020 for 12 months are good until 31 July 2021 and gone on 1 August. What comes in
    after that day, for a month long ago, has ``GRACE``.
    """
    if policy.kind is PolicyKind.NONE:
        return NEVER
    last = end_of_month(month if policy.kind is PolicyKind.FIXED else day, policy.months)
    return last if last >= day else day + GRACE


def grace_for(policy: Policy, *, month: date, day: date) -> date:
    """Return ``grace_until`` of the lot for points of ``month`` that come in on ``day``, as far as the policy alone tells."""
    is_late = policy.kind is PolicyKind.FIXED and end_of_month(month, policy.months) < day
    return day + GRACE if is_late else NO_GRACE


def may_lapse_on(policy: Policy, last: date, *, month: date, grace_until: date) -> bool:
    """Tell whether a lot can have ``last`` as its last day: what must hold of every lot, whenever it is looked at."""
    if policy.kind is PolicyKind.NONE:
        return last == NEVER and grace_until == NO_GRACE
    own = end_of_month(month, policy.months)
    if policy.kind is PolicyKind.FIXED:
        return last == own if grace_until == NO_GRACE else last == grace_until > own
    # From an activity, so a month's end, of the month of the lot or a later one; or a grace that no activity has moved.
    return last == grace_until or (last == end_of_month(last, 0) and last >= max(grace_until, end_of_month(month.replace(day=1), 0)))


def read_policy(text: str | None) -> Policy:
    """Return the policy that a statement brought along as ``id:kind:months:pending_days:pushes``; none where none stands."""
    if text is None:
        return Policy()
    number, kind, months, pending, pushes = text.split(":")
    return Policy(int(number), PolicyKind(kind), int(months), int(pending), pushes == "1")


def take(lots: Iterable[tuple[int, int]], points: int) -> list[tuple[int, int]]:
    """Return what to take from each of ``lots`` (id, what is there), in their order, until ``points`` are taken or nothing is left."""
    found: list[tuple[int, int]] = []
    if points <= 0:
        return found
    for lot_id, there in lots:
        if there > 0:
            part = min(there, points)
            found.append((lot_id, part))
            points -= part
        if not points:
            break  # before another page of lots is asked for
    return found


def back(parts: Iterable[tuple[int, int]], opened: int, out_of: str) -> list[Move]:
    """Return the moves that bring ``parts`` back from ``out_of``. Only ``opened`` of them can be spent: the first to lapse pay what is owed."""
    parts = list(parts)
    owed, found = sum(part for _lot, part in parts) - opened, []
    for lot_id, part in parts:
        paid = min(part, owed)
        owed -= paid
        found.append(Move(lot_id, **{out_of: -part, "open": part - paid, "paid": paid}))
    return found


def settle(points: int, *, still_open: int, expired: int) -> int:
    """Return how much of a gift of ``points`` that is reversed has expired, and is therefore neither taken nor owed.

    ``still_open`` and ``expired`` are those of the gift's own lots: what is open there is taken first.
    """
    return min(points - min(points, still_open), expired)
