"""How long a decision can be undone by whoever gave it, and what is refused about that."""

from datetime import datetime, timedelta

from portal.review.rules.refusals import UndoTooLate

UNDO_WITHIN = timedelta(seconds=60)
"""The minute, the same for every kind of the queue. Mails about a decision that can be undone go out when it is over."""


def require_undoable(decided_at: datetime, now: datetime) -> None:
    """Refuse when the minute is over (``UndoTooLate``)."""
    if now - decided_at >= UNDO_WITHIN:
        raise UndoTooLate()
