"""Whether somebody writes over what they have not seen: the same step, open in two windows or on two devices."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

UNDER_WAY = timedelta(seconds=10)
"""For how long what was saved may be the same page's own, saved by itself, of which it does not know yet when somebody presses a button."""


def revision_of(saved_at: datetime | None) -> str:
    """Return what a page notes of the answer it shows: when that was saved, empty where nothing was."""
    return saved_at.astimezone(UTC).isoformat() if saved_at else ""


@dataclass(frozen=True)
class Seen:
    """The revision that a page was built from. ``is_pressed``: somebody pressed a button, and nothing was saved by itself."""

    revision: str
    is_pressed: bool = False

    def is_stale(self, saved_at: datetime | None, now: datetime) -> bool:
        """Tell whether what is there was saved elsewhere since."""
        if saved_at is None or revision_of(saved_at) == self.revision:
            return False
        return not (self.is_pressed and now - saved_at < UNDER_WAY)
