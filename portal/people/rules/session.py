"""How long a sign-in lasts.

An admin: 30 minutes idle, 12 hours in all. Everybody else: 12 hours idle, 14 days in all; with
"keep me signed in" 14 days whether idle or not.
"""

from datetime import datetime, timedelta

from portal.kernel.errors import Refusal
from portal.kernel.text import N_

ADMIN_IDLE, ADMIN_LIFE = timedelta(minutes=30), timedelta(hours=12)
IDLE, LIFE = timedelta(hours=12), timedelta(days=14)
SEEN_EVERY = timedelta(seconds=60)
MARK_DAYS = 90
"""So many days marks of devices and addresses are kept."""


class SignInWrong(Refusal):
    """Unknown address, wrong password, not joined, deactivated: one answer for all."""

    message = N_("E-mail or password is not right.")


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


# Order counts: Edge and Opera say that they are Chrome, Chrome that it is Safari, Android that it is Linux.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))


def browser_name(text: str) -> str:
    """Return "Firefox, Linux" for what a browser calls itself; the beginning of the text where that says nothing."""
    known = [next((name for mark, name in marks if mark in text), None) for marks in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in known if name) or text[:40] or "?"
