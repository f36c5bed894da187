"""When something that was asked elsewhere may have been asked."""

from datetime import datetime, timedelta

from portal.acts.rules.refusals import MomentAhead, MomentTooOld

MOST_YEARS = 10


def require_past(happened_at: datetime, now: datetime) -> None:
    """Refuse a moment that is still to come (``MomentAhead``), or longer ago than anybody counts (``MomentTooOld``)."""
    if happened_at > now:
        raise MomentAhead()
    if happened_at < now - timedelta(days=366 * MOST_YEARS):
        raise MomentTooOld(years=MOST_YEARS)
