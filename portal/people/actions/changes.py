"""Telling higher rooms, in the same transaction, that a person's state or roles changed. Who hears is handed over in ``app.py``."""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

PersonChanged = Callable[[Session, int], None]


def announce(session: Session, person_id: int) -> None:
    """Tell everybody who asked to hear that this person's record changed. The change itself must be flushed."""
    hearers: Sequence[PersonChanged] = session.info.get("person_changed", ())
    for hear in hearers:
        hear(session, person_id)
