"""When somebody who was let decide is a pair of eyes of their own: a role given a moment ago, or by the other of the two, makes no second pair."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.people.rules.granting import Given

REST = timedelta(days=1)
"""Who was given a role or permission is no pair of eyes for a day, whoever gave it."""
REST_BY_OTHER = timedelta(days=7)
"""Who was given it by the other of the two, or by somebody whom the other had made an admin within the week before, for a week: the
others have had time to see it."""
SETUP = timedelta(days=1)
"""What is given on the first day of a programme belongs to setting it up, and stands."""


@dataclass(frozen=True)
class Let:
    """When somebody was let decide, and by whom: who gave it first, then who had made that one an admin within the week before, and so on."""

    at: datetime
    by: tuple[int, ...]


def let_by(given: Given | None, *, admin_given: Callable[[int], Given | None], begun_at: datetime | None) -> Let | None:
    """Return how somebody was let decide; None where it stands: always held, given by the portal, or while the programme was set up.

    ``admin_given`` tells how an admin came to be one.
    """
    if given is None or _giver(given, begun_at) is None:
        return None
    givers: list[int] = []
    step: Given | None = given
    at = given.at
    while step is not None and (by_id := _giver(step, begun_at)) is not None and by_id not in givers and at - step.at < REST_BY_OTHER:
        givers.append(by_id)
        at, step = step.at, admin_given(by_id)
    return Let(given.at, tuple(givers))


def stands_from(let: Sequence[Let | None], *, other_id: int | None) -> datetime | None:
    """Return from when somebody who was ``let`` decide counts beside the person ``other_id``; None where they always did.

    The role or permission that counts first is the one that matters.
    """
    moments = [None if one is None else one.at + (REST_BY_OTHER if other_id in one.by else REST) for one in let]
    return None if None in moments else min((moment for moment in moments if moment), default=None)


def _giver(given: Given, begun_at: datetime | None) -> int | None:
    """Return who gave it, or None where that does not matter."""
    return None if begun_at is not None and given.at <= begun_at + SETUP else given.by_id
