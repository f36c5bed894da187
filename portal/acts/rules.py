"""What is refused about acts, and the act as other rooms hear of it."""

from dataclasses import dataclass
from datetime import datetime

from portal.kernel.errors import NotFound
from portal.kernel.text import N_

UNREWARDED = "unrewarded"
"""The kind of an act that may be rewarded with nothing: it stands in the record, and counts on no board, for no badge and in no streak."""


class ActUnknown(NotFound):
    """There is no live act of this source: it never was one, or it was reversed already."""

    message = N_("There is no act to take back; it may have been taken back already.")


@dataclass(frozen=True)
class ActNews:
    """An act that was just recorded (``is_live``) or taken back, or whose worth changed."""

    act_id: int
    person_id: int
    kind: str
    track: str
    points: int
    happened_at: datetime
    is_live: bool
    change: int = 0
    """By how many points a live act is worth more, or less, than before; then nothing else about it is new."""
