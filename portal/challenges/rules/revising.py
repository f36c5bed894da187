"""Whether somebody writes over what they have not seen: the same step, open in two windows or on two devices."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

UNDER_WAY = timedelta(seconds=10)
"""For how long what was saved may be the same page's own, saved by itself, where a button was pressed before the answer to that had come."""


def revision_of(saved_at: datetime | None) -> str:
    """Return what a page notes of the answer it shows: when that was saved, empty where nothing was."""
    return saved_at.astimezone(UTC).isoformat() if saved_at else ""


@dataclass(frozen=True)
class Seen:
    """The revision that a page was built from. ``is_saving``: a button was pressed while the page was saving by itself, as its script says."""

    revision: str
    is_saving: bool = False

    def is_stale(self, saved_at: datetime | None, now: datetime) -> bool:
        """Tell whether what is there was saved elsewhere since."""
        if saved_at is None or revision_of(saved_at) == self.revision:
            return False
        return not (self.is_saving and now - saved_at < UNDER_WAY)
