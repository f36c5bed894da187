"""What a ticket is worth at the door, and its number. Pure.

A number is the redemption's and a check that only who holds the portal's secret can make, so that none can be guessed
from another. A ticket is used once it was shown at the door, which is when its redemption counts as received.
"""

import hmac
import re
from base64 import b32encode
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from hashlib import sha256

from portal.kernel.ids import MOST_ID
from portal.kernel.text import N_
from portal.rewards.rules.states import SPENT, State

CHECK_LENGTH = 8


class Standing(StrEnum):
    """What a ticket is worth at the door today."""

    GOOD = "good"
    EARLY = "early"
    OVER = "over"
    USED = "used"
    WAITING = "waiting"
    VOID = "void"


STANDING_NAMES = {
    Standing.GOOD: N_("Let them in"),
    Standing.EARLY: N_("For a later day"),
    Standing.OVER: N_("Its day is over"),
    Standing.USED: N_("Used already"),
    Standing.WAITING: N_("Not given yet"),
    Standing.VOID: N_("Not valid"),
}


def standing(state: State | str, happens_on: date | None, today: date) -> Standing:
    """Return what a ticket is worth today. One without a day is good on any."""
    if state == State.RECEIVED:
        return Standing.USED
    if state not in SPENT:
        return Standing.WAITING if state in (State.REQUESTED, State.APPROVED, State.ORDERED, State.FAILED) else Standing.VOID
    if happens_on is None or happens_on == today:
        return Standing.GOOD
    return Standing.EARLY if happens_on > today else Standing.OVER


def number_of(redemption_id: int, secret: str) -> str:
    """Return what stands on the ticket of a redemption, such as ``41-K7QF2M9A``: 40 bits of HMAC-SHA-256 under the portal's secret."""
    digest = hmac.new(secret.encode(), f"ticket:{redemption_id}".encode(), sha256).digest()
    return f"{redemption_id}-{b32encode(digest).decode()[:CHECK_LENGTH]}"


def redemption_of(number: str, secrets: Sequence[str]) -> int | None:
    """Return whose ticket has this number, typed or scanned, under one of ``secrets``; None if there can be none."""
    # Somebody who reads it aloud says a blank for the dash.
    dashed = number if "-" in number else re.sub(r"^\s*(\d+)\s+(?=\S)", r"\1-", number)
    said = "".join(dashed.split()).upper()
    first = said.partition("-")[0]
    if not (first.isascii() and first.isdigit()) or len(first) > len(str(MOST_ID)) or not 0 < int(first) <= MOST_ID:
        return None
    wanted = [number_of(int(first), secret) for secret in secrets]
    return int(first) if any(hmac.compare_digest(said.encode(), one.encode()) for one in wanted) else None
