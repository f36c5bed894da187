"""Who is new here, and for how long they are welcomed."""

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from portal.kernel.actor import ADVOCATE

WELCOME_FOR = timedelta(days=30)


def is_new(joined_at: datetime | None, roles: AbstractSet[str], now: datetime) -> bool:
    """Tell whether somebody is an advocate, no staff, and joined within the last 30 days."""
    return joined_at is not None and roles == {ADVOCATE} and joined_at <= now < joined_at + WELCOME_FOR
