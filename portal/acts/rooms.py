"""What asks somebody besides this room, such as a reference request. Declared here; ``portal/app.py`` hands over who tells of it (``ASK_PAGES``)."""

from collections.abc import Collection, Mapping
from typing import Protocol

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor


class AskingRoom(Protocol):
    """Tells of asks that are made and settled in another room. Handed over to sessions as ``ask_pages``, by the type of the source."""

    def told(self, session: Session, person_id: int, source_ids: Collection[int]) -> Mapping[int, tuple[str, str]]:
        """Return, by source, the words of who asks and the page on which the person answers; both empty while nobody has written to them."""
        ...

    def requesters(self, session: Session, source_ids: Collection[int]) -> Mapping[int, str]:
        """Return, by source, the name of whom it is asked for, whoever proposed the person."""
        ...

    def page_of(self, source_id: int) -> str:
        """Return the page of staff on which such an ask is taken back and settled."""
        ...

    def readable(self, session: Session, actor: Actor, source_ids: Collection[int]) -> Collection[int]:
        """Return those of the sources whose page the actor may open."""
        ...


def rooms_that_ask(session: Session) -> Mapping[str, AskingRoom]:
    """Return what tells of asks that other rooms make, by the type of their source."""
    rooms: Mapping[str, AskingRoom] = session.info.get("ask_pages", {})
    return rooms
