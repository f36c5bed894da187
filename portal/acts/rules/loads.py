"""The load as it is kept, so that lists are ranked by it without reckoning: referred to one moment for ever. Pure.

All efforts decay by the same half-life, so two people whom nobody asks keep their order, and time changes only the common factor. What is kept
is the load as it would stand at ``EPOCH``: what was asked later weighs more there, by as much as it is fresher. It is a plain sum, so an ask and
its outcome add to it. Its rank is the logarithm of it over the rate of the cap: an order by strain that stays right while time passes.
"""

from datetime import UTC, datetime
from math import inf, log2

from portal.acts.rules.asks import AskState
from portal.acts.rules.budget import HALF_LIFE_DAYS, MEAN_DAYS, WEIGHTS, Cap

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = 1_000_000
"""Steps of a rank in which strain doubles: finer than anybody sees, and whole numbers can be paged by."""
NEVER_ASKED, TAKES_NONE = -(10**15), 10**15
"""Ranks of whom nothing weighs on, and of whose number of asks is zero: before and behind everybody."""
NO_SLOT = datetime(9999, 1, 1, tzinfo=UTC)
"""``full_until`` of whose number of asks is zero."""


def _halvings(moment: datetime) -> float:
    """Return how many half-lives after ``EPOCH`` it is."""
    return (moment - EPOCH).total_seconds() / 86_400 / HALF_LIFE_DAYS


def kept_of(effort: int, state: AskState, asked_at: datetime) -> float:
    """Return what one ask adds to the load that is kept."""
    return float(effort * WEIGHTS[state] * 2.0 ** _halvings(asked_at))


def load_at(kept: float, now: datetime) -> float:
    """Return the load at ``now``."""
    return float(kept * 0.5 ** _halvings(now))


def rank_of(kept: float, cap: Cap) -> int:
    """Return the rank by strain."""
    if cap.most <= 0:
        return TAKES_NONE
    return round(STEPS * log2(kept * cap.days / cap.most)) if kept > 0 else NEVER_ASKED


def strain_of(rank: int, now: datetime, call_effort: int) -> float:
    """Return the strain at ``now`` of who has this rank: what ``budget.strain`` says of load and capacity."""
    if rank in (NEVER_ASKED, TAKES_NONE):
        return inf if rank == TAKES_NONE else 0.0
    return float(2.0 ** (rank / STEPS - _halvings(now)) / (call_effort * MEAN_DAYS)) if call_effort else inf


def rank_at(strained: float, now: datetime, call_effort: int) -> int:
    """Return the rank of a strain at ``now``, so that a list is cut at a colour. What the strain is below, the rank is below."""
    able = strained * call_effort * MEAN_DAYS
    return round(STEPS * (log2(able) + _halvings(now))) if able > 0 else NEVER_ASKED
