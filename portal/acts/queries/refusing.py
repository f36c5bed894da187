"""Who is not to be asked as a reference: told by the rooms above, where that is said, and read with every budget."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

NO_REFERENCE = "no_reference"
"""Under this name an application hands its sessions functions ``(session, person_ids, now)``; none: everybody may be asked."""
Told = Callable[[Session, Sequence[int], datetime], Mapping[int, date | None]]


def no_references(session: Session, person_ids: Iterable[int], now: datetime) -> dict[int, date | None]:
    """Return who of these is not to be asked as a reference: until which day, None for good."""
    asked: Sequence[Told] = session.info.get(NO_REFERENCE, ())
    ids = sorted(set(person_ids))
    found: dict[int, date | None] = {}
    for told in asked if ids else ():
        for its_id, until in told(session, ids, now).items():
            known = found.get(its_id, until)
            found[its_id] = None if known is None or until is None else max(known, until)
    return found
