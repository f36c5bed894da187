"""Lots: the points of one owner, one month and one policy, and where they are now. Pure.

What comes in is put into the lot of its month; whatever moves later moves inside lots, so a lot always
knows where its points are: ``open`` to spend, ``held``, ``spent``, ``expired``, or ``taken``: reversed,
adjusted away, or gone to pay a debt. Spending takes what lapses first, ties by lot id. What comes back
comes back to its own lots and has at least ``GRACE`` from then on. Days are days of the programme.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.kernel.clock import local_date

NEVER = date(9999, 12, 31)
"""A lot that never lapses carries a far day, since the engines order NULL differently."""
GRACE = timedelta(days=7)
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
    """What one transfer does to one lot. ``earned`` is what comes in; the other five say where it goes, and sum to it."""

    lot_id: int
    earned: int = 0
    open: int = 0
    held: int = 0
    spent: int = 0
    expired: int = 0
    taken: int = 0


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
    late, for a month long ago, has ``GRACE`` all the same.
    """
    if policy.kind is PolicyKind.NONE:
        return NEVER
    since = month if policy.kind is PolicyKind.FIXED else day
    return max(end_of_month(since, policy.months), day + GRACE)


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
        where = {out_of: -part, "open": part - paid}
        where["taken"] = where.get("taken", 0) + paid
        found.append(Move(lot_id, **where))
    return found
