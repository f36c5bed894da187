"""Roles: some advocates are employees or admins too."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.choosing import OneOf
from portal.audience.kinds.contract import Labels, Moment, Options, Phrase
from portal.kernel.text import N_
from portal.people.queries.directory import ROLE_COLUMNS
from portal.people.rules.person import ROLE_NAMES, role_set


class HasRole(OneOf):
    """The member holds one of the roles."""

    key = "role"
    name = N_("Role")
    label = N_("Roles")
    hint = N_("Advocate, employee or admin.")
    icon = "shield-check"
    group = N_("Person")
    message = N_("Role is %(values)s")
    is_ours = True

    def choices(self, session: Session) -> list[tuple[str, str]]:
        """Return the three roles."""
        return list(ROLE_NAMES.items())

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the names of the roles."""
        return dict(ROLE_NAMES)

    def among(self, values: Sequence[str], moment: Moment) -> ColumnElement[bool]:
        """Return the condition on the role columns."""
        return or_(*(ROLE_COLUMNS[value].is_(True) for value in values))

    def own(self, facts: Facts) -> frozenset[str]:
        """Return the member's roles."""
        return role_set(facts.me.is_advocate, facts.me.is_employee, facts.me.is_admin)

    def own_phrase(self, values: Sequence[Any]) -> Phrase:
        """Name the role."""
        return Phrase(N_("your role here is %(values)s"), {"values": values})
