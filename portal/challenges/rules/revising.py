"""Whether somebody writes over what they have not seen: the same step, open in two windows or on two devices."""

from dataclasses import dataclass
from datetime import UTC, datetime


def revision_of(saved_at: datetime | None) -> str:
    """Return what a page notes of the answer it shows: when that was saved, empty where nothing was."""
    return saved_at.astimezone(UTC).isoformat() if saved_at else ""


@dataclass(frozen=True)
class Seen:
    """The revision that a page was built from, or that it has saved by itself since."""

    revision: str

    def is_stale(self, saved_at: datetime | None) -> bool:
        """Tell whether what is there was saved elsewhere since."""
        return saved_at is not None and revision_of(saved_at) != self.revision
