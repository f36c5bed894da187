"""The level somebody stands on, derived from lifetime points as everywhere."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.audience.facts import Facts
from portal.audience.kinds.choosing import OneOf
from portal.audience.kinds.contract import Labels, Moment, Options, Phrase
from portal.kernel.text import N_
from portal.ledger.models import account
from portal.ledger.rules import AccountKind
from portal.people.models import Person
from portal.recognition.models import Level
from portal.recognition.queries.levels import list_levels
from portal.recognition.rules.boards import UNIT
from portal.recognition.rules.levels import level_at

_OWN_ACCOUNT = (account.c.unit == UNIT, account.c.kind == AccountKind.AVAILABLE.value)


def load_levels(session: Session, person_id: int) -> Sequence[Any]:
    """Return all levels, lowest first; the same for everybody."""
    return list_levels(session)


class OnLevel(OneOf):
    """The member stands on one of the levels. Who has no points stands on the first."""

    key = "level"
    name = N_("Level")
    label = N_("Levels")
    hint = N_("Where lifetime points put a member now; spending lowers no level.")
    icon = "star"
    group = N_("What they did")
    message = N_("Level is %(values)s")

    def choices(self, session: Session) -> list[tuple[str, str]]:
        """Return today's levels, lowest first."""
        return [(str(level.id), level.name) for level in list_levels(session)]

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the names."""
        return dict(self.choices(session))

    def among(self, values: Sequence[str], moment: Moment) -> ColumnElement[bool]:
        """Return the condition that lifetime points lie from the threshold of a level to just below the next."""
        above = aliased(Level, name="above")
        next_at = select(func.min(above.threshold)).where(above.threshold > Level.threshold).correlate(Level).scalar_subquery()
        chosen = Level.id.in_([int(value) for value in values])
        within = and_(account.c.lifetime >= Level.threshold, or_(next_at.is_(None), account.c.lifetime < next_at))
        stands = select(account.c.owner_id).select_from(account).join(Level, within).where(*_OWN_ACCOUNT, chosen)
        has_none = Person.id.not_in(select(account.c.owner_id).where(*_OWN_ACCOUNT))
        return or_(Person.id.in_(stands), and_(exists().where(chosen, Level.threshold == 0), has_none))

    def own(self, facts: Facts) -> frozenset[str]:
        """Return the level of the member."""
        level = level_at(facts.of(load_levels), facts.me.lifetime)
        return frozenset() if level is None else frozenset({str(level.id)})

    def own_phrase(self, values: Sequence[Any]) -> Phrase:
        """Name the level."""
        return Phrase(N_("you are on the level %(values)s"), {"values": values})
