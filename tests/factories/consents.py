"""Consents for tests, through the real action."""

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from portal.consents.actions import Origin, give_consent
from portal.consents.models import Consent
from portal.consents.rules import Agreed, Item, Scope
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.people.models import Person

_numbers = count(1_000_000)


def make_consent(
    session: Session, person: Person, *, source_id: int | None = None, evidence_id: int | None = None, now: datetime | None = None, **agreed: Any
) -> Consent:
    """Let a person agree, by default to a quote on the website and in the press, without an end."""
    number = next(_numbers)
    facts: dict[str, Any] = {"item": Item.QUOTE, "words": "You may print this with my name.", "scope": [Scope.WEBSITE, Scope.PRESS]}
    facts = facts | {"quote": "It saved us two days a month."} | agreed
    origin = Origin("submission", source_id or number, 1, evidence_id or number, 1)
    now = now or utcnow()
    given = give_consent(session, system("test"), person_id=person.id, agreed=Agreed(**facts), origin=origin, given_at=now, now=now)
    assert given is not None
    return given
