"""What a room gives so that its things can have an audience: one small class, listed in ``app.py``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Select
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Owned:
    """The thing an audience stands before. ``is_live``: somebody may see it now or will from ``opens_at`` on, so edits wait until they are put live.

    ``endpoint`` and ``values`` lead to its own editor; ``list_endpoint`` and ``list_name`` (marked) to the list it stands in.
    """

    title: str
    is_live: bool
    endpoint: str
    list_endpoint: str
    list_name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    opens_at: datetime | None = None
    """The moment it is to be seen from, where it has one; it may have passed."""


class AudienceOwner(Protocol):
    """A room whose things have audiences."""

    def find(self, session: Session, audience_id: int) -> Owned | None:
        """Return the thing with this audience, or None where it is not one of this room's."""

    def under_way(self, audience_id: int) -> Select[int]:
        """Return the ids of the people who have begun it and keep it until they finish, whatever the audience says; each once."""
