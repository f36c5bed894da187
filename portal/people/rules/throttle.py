"""How often something may be tried: what slows a guesser down and a forgetful person hardly.

Every limit counts within a window and forgets after it, so nobody is shut out for good. Some
limits grow a delay from the fifth try on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from math import ceil

from portal.kernel.errors import Refusal
from portal.kernel.text import N_

FREE_TRIES, FIRST_DELAY, LONGEST_DELAY = 4, timedelta(seconds=2), timedelta(seconds=60)


@dataclass(frozen=True)
class Limit:
    """``most`` tries in ``window``, counted under ``scope``."""

    scope: str
    most: int
    window: timedelta
    is_slowing: bool = False


ACCOUNT = Limit("account", 10, timedelta(minutes=15), is_slowing=True)
ADDRESS = Limit("address", 100, timedelta(hours=1))
RESET_ACCOUNT = Limit("reset.account", 3, timedelta(hours=1))
RESET_ADDRESS = Limit("reset.address", 20, timedelta(hours=1))
PASSWORD_CHECK = Limit("check", 10, timedelta(minutes=15), is_slowing=True)
EMAIL_CHANGE = Limit("email", 5, timedelta(hours=1))


class TooSoon(Refusal):
    """The next try must wait some seconds."""

    message = N_("Please wait %(retry_after)s seconds, then try again.")
    status = 429


class TooManyTries(Refusal):
    """The tries of this window are used up."""

    message = N_("There were too many tries. Please wait %(minutes)s minutes, then try again.")
    status = 429


@dataclass(frozen=True)
class Tally:
    """How a subject stands: tries in the window, when it ends, when the next try may come."""

    tries: int
    window_ends_at: datetime
    next_at: datetime


def fresh(limit: Limit, now: datetime) -> Tally:
    """Return the tally of somebody who never tried."""
    return Tally(0, now + limit.window, now)


def after_try(limit: Limit, tally: Tally, now: datetime) -> Tally:
    """Return the tally with one more try at ``now``. Refuses with ``TooManyTries`` or ``TooSoon``."""
    if now >= tally.window_ends_at:
        tally = fresh(limit, now)
    if tally.tries >= limit.most:
        seconds = _seconds(tally.window_ends_at - now)
        raise TooManyTries(retry_after=seconds, minutes=max(2, ceil(seconds / 60)))
    if now < tally.next_at:
        raise TooSoon(retry_after=max(2, _seconds(tally.next_at - now)))
    tries = tally.tries + 1
    return Tally(tries, tally.window_ends_at, now + (delay_after(tries) if limit.is_slowing else timedelta()))


def delay_after(tries: int) -> timedelta:
    """Return how long to wait after the ``tries``-th try: nothing for four, then 2, 4, 8 … 60 seconds."""
    return timedelta() if tries <= FREE_TRIES else min(FIRST_DELAY * 2 ** (tries - FREE_TRIES - 1), LONGEST_DELAY)


def network(origin: str) -> str:
    """Return what counts as one address: IPv4 as it is, of IPv6 the /64 that one customer has."""
    try:
        address = ip_address(origin)
    except ValueError:
        return origin
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _seconds(wait: timedelta) -> int:
    return max(1, ceil(wait.total_seconds()))
