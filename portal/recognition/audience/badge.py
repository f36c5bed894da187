"""Badges that a member has."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.choosing import OneOf
from portal.audience.kinds.contract import Labels, Moment, Options, Phrase
from portal.kernel.text import N_
from portal.people.models import Person
from portal.recognition.models import Badge, BadgeHolding
from portal.recognition.rules.badges import BadgeState


def load_badges(session: Session, person_id: int) -> frozenset[str]:
    """Return the ids of the badges a person has now, as options hold them."""
    mine = (BadgeHolding.person_id == person_id, BadgeHolding.revoked_at.is_(None))
    return frozenset(map(str, session.scalars(select(BadgeHolding.badge_id).where(*mine))))


class HasBadge(OneOf):
    """The member has one of the badges. One that was taken back counts no more; of a retired one who has it keeps it."""

    key = "badge"
    name = N_("Badge")
    label = N_("Badges")
    hint = N_("Members who have a certain badge now, however they came by it.")
    icon = "medal"
    group = N_("What they did")
    message = N_("Has the badge %(values)s")

    def choices(self, session: Session) -> list[tuple[str, str]]:
        """Return every badge that was ever live."""
        rows = session.execute(select(Badge.id, Badge.name).where(Badge.state != BadgeState.DRAFT).order_by(Badge.name, Badge.id))
        return [(str(row.id), row.name) for row in rows]

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the names."""
        ids = {int(value) for options in every for value in options["values"]}
        return {str(row.id): f"“{row.name}”" for row in session.execute(select(Badge.id, Badge.name).where(Badge.id.in_(ids)))}

    def among(self, values: Sequence[str], moment: Moment) -> ColumnElement[bool]:
        """Return the condition on badges that are held."""
        held = (BadgeHolding.badge_id.in_([int(value) for value in values]), BadgeHolding.revoked_at.is_(None))
        return Person.id.in_(select(BadgeHolding.person_id).where(*held))

    def own(self, facts: Facts) -> frozenset[str]:
        """Return what the member has."""
        return facts.of(load_badges)

    def own_phrase(self, values: Sequence[Any]) -> Phrase:
        """Name the badges."""
        return Phrase(N_("you have the badge %(values)s"), {"values": values})
