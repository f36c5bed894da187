"""Links by mail: what they are for and how long they are good."""

from datetime import datetime, timedelta
from enum import StrEnum

from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class Purpose(StrEnum):
    """A link made for one purpose opens nothing else."""

    INVITE = "invite"
    RESET = "reset"
    EMAIL = "email"


LIFETIMES = {Purpose.INVITE: timedelta(days=14), Purpose.RESET: timedelta(minutes=30), Purpose.EMAIL: timedelta(hours=24)}


class LinkSpent(Refusal):
    """Used, replaced, expired, for another purpose or never made: one answer for all, so that nothing can be probed."""

    message = N_("This link has been used already or is no longer valid.")
    status = 410


def expiry(purpose: Purpose, now: datetime) -> datetime:
    """Return until when a link made now is good."""
    return now + LIFETIMES[purpose]
