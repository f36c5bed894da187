"""Telling higher rooms, in the same transaction, that a person's state, roles or record changed. Who hears is handed over in ``app.py``."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

PersonChanged = Callable[[Session, int], None]
PersonEdited = Callable[[Session, int, Mapping[str, Any], datetime], None]
"""Hears what the changed fields of a person were before: name, title, email, company_id, language, time_zone."""


def announce(session: Session, person_id: int) -> None:
    """Tell everybody who asked to hear that this person's record changed. The change itself must be flushed."""
    hearers: Sequence[PersonChanged] = session.info.get("person_changed", ())
    for hear in hearers:
        hear(session, person_id)


def announce_edit(session: Session, person_id: int, before: Mapping[str, Any], now: datetime) -> None:
    """Tell everybody who asked to hear that fields of this person were written anew. The change itself must be flushed."""
    hearers: Sequence[PersonEdited] = session.info.get("person_edited", ())
    for hear in hearers:
        hear(session, person_id, before, now)
