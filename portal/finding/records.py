"""What became of somebody's help, as the room that carries out requests tells it. Declared here; ``portal/app.py`` hands over who fills it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from portal.finding.rules.facts import Record
from portal.finding.rules.fit import Told
from portal.finding.rules.price import OtherNeed
from portal.kernel.actor import Actor


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


@dataclass(frozen=True)
class ForRequest:
    """The request that somebody searches for: the ``prospect`` it is for, the ``most_tier`` of whom the reader may propose, and what was ``said``
    of those who were proposed for it already, by their number, as far as the reader may know them.
    """

    request_id: int
    prospect: str
    most_tier: int
    said: Mapping[int, Told]

    def lets_propose(self, person_id: int, tier: int) -> bool:
        """Tell whether the reader may propose somebody for it who was not proposed before."""
        return tier <= self.most_tier and person_id not in self.said


class OpenRequests(Protocol):
    """Tells of a request for which somebody is looked for. Handed over to sessions as ``open_requests``."""

    def __call__(self, session: Session, actor: Actor, request_id: int) -> ForRequest | None:
        """Return the request where the actor may propose somebody for it now."""
        ...


def request_of(session: Session, actor: Actor, request_id: int) -> ForRequest | None:
    """Return the request that a search is made for, or None where there is none for which the actor may propose."""
    told: OpenRequests | None = session.info.get("open_requests")
    return told(session, actor, request_id) if told and request_id else None


def records_of(session: Session, person_ids: Iterable[int]) -> Mapping[int, Record]:
    """Return what is told of these people."""
    told: TrackRecords | None = session.info.get("track_records")
    return told.of(session, person_ids) if told else {}
