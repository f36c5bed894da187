"""How long a sign-in lasts.

An admin: 30 minutes idle, 12 hours in all. Everybody else: 12 hours idle, 14 days in all; with
"keep me signed in" 14 days whether idle or not.
"""

from datetime import datetime, timedelta

ADMIN_IDLE, ADMIN_LIFE = timedelta(minutes=30), timedelta(hours=12)
IDLE, LIFE = timedelta(hours=12), timedelta(days=14)
SEEN_EVERY = timedelta(seconds=60)


def life(is_admin: bool) -> timedelta:
    """Return how long a session lasts at most."""
    return ADMIN_LIFE if is_admin else LIFE


def is_over(*, last_seen_at: datetime, expires_at: datetime, is_kept: bool, is_admin: bool, now: datetime) -> bool:
    """Tell whether a session ended by age or by idleness."""
    if now >= expires_at:
        return True
    idle = now - last_seen_at
    if is_admin:
        return idle >= ADMIN_IDLE
    return not is_kept and idle >= IDLE


def is_seen_stale(last_seen_at: datetime, now: datetime) -> bool:
    """Tell whether it is time to write down again that the session is used. Not at every click: a write a minute is enough."""
    return now - last_seen_at >= SEEN_EVERY
