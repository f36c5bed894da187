"""What became of somebody's help, as the room that carries out requests tells it. Declared here; ``portal/app.py`` hands over who fills it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from portal.finding.rules.facts import Record
from portal.finding.rules.price import OtherNeed


class TrackRecords(Protocol):
    """Tells of many people at once. Handed over to sessions as ``track_records``; until it is, nobody did anything."""

    def of(self, session: Session, person_ids: Iterable[int]) -> Mapping[int, Record]:
        """Return what became of what each did; who did nothing may be left out."""
        ...


class LiveNeeds(Protocol):
    """Tells which other live requests may need somebody. Handed over to sessions as ``live_needs``."""

    def __call__(self, session: Session, person_id: int, *, without: int | None, now: datetime) -> list[OtherNeed]:
        """Return those whose criteria the person fits, or for which they are proposed, but for the request ``without``."""
        ...


def records_of(session: Session, person_ids: Iterable[int]) -> Mapping[int, Record]:
    """Return what is told of these people."""
    told: TrackRecords | None = session.info.get("track_records")
    return told.of(session, person_ids) if told else {}
