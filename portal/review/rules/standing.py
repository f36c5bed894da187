"""When somebody who was let decide is a pair of eyes of their own: a role given a moment ago, or by the other of the two, makes no second pair."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from portal.people.rules.granting import Given

REST = timedelta(days=1)
"""Who was given a role or permission is no pair of eyes for a day, whoever gave it."""
REST_BY_OTHER = timedelta(days=7)
"""Who was given it by the other of the two, for a week: the others have had time to see it."""
SETUP = timedelta(days=1)
"""What is given on the first day of a programme belongs to setting it up, and stands."""


def stands_from(given: Sequence[Given | None], *, other_id: int | None, begun_at: datetime | None) -> datetime | None:
    """Return from when somebody who was ``given`` this counts beside the person ``other_id``; None where they always did.

    The role or permission that counts first is the one that matters.
    """
    moments = [_from(one, other_id, begun_at) for one in given]
    return None if None in moments else min((moment for moment in moments if moment), default=None)


def _from(given: Given | None, other_id: int | None, begun_at: datetime | None) -> datetime | None:
    if given is None or given.by_id is None or (begun_at is not None and given.at <= begun_at + SETUP):
        return None
    return given.at + (REST_BY_OTHER if given.by_id == other_id else REST)
