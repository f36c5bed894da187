"""Fields of the member's company: industry, size, region, country. One class, a rule of its own for each field."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.choosing import OneOf
from portal.audience.kinds.contract import Moment, Phrase
from portal.kernel.text import N_
from portal.people.models import Company, Person

# label, sentence for admins, sentence for the member
FIELDS = {
    "industry": (N_("Industry"), N_("Industry is %(values)s"), N_("your company’s industry is %(values)s")),
    "size": (N_("Company size"), N_("Company size is %(values)s"), N_("your company’s size is %(values)s")),
    "region": (N_("Region"), N_("Region is %(values)s"), N_("your company is in %(values)s")),
    "country": (N_("Country"), N_("Country is %(values)s"), N_("your company is in %(values)s")),
}
HINTS = {
    "industry": N_("What the member’s company does."),
    "size": N_("How many work at the member’s company."),
    "region": N_("The part of the world the member’s company is in."),
    "country": N_("The country the member’s company is in."),
}


class CompanyField(OneOf):
    """The company's field has one of the values. Who has no company, or one without a value there, is not meant."""

    icon = "building-2"
    group = N_("Company")
    help = N_("What your companies have. Tick any number.")

    def __init__(self, field: str) -> None:
        self.key = self.field = field
        self.name, self.message, self._own_message = FIELDS[field]
        self.label, self.hint = self.name, HINTS[field]
        self._column: Any = getattr(Company, field)
        self._get = attrgetter(field)

    def choices(self, session: Session) -> list[tuple[str, str]]:
        """Return the values that companies have."""
        values = session.scalars(select(self._column).where(self._column != "").distinct().order_by(self._column))
        return [(value, value) for value in values]

    def among(self, values: Sequence[str], moment: Moment) -> ColumnElement[bool]:
        """Return the condition on the company."""
        return exists().where(Company.id == Person.company_id, self._column.in_(values))

    def own(self, facts: Facts) -> frozenset[str]:
        """Return the value of the member's company."""
        value = self._get(facts.me)
        return frozenset((value,)) if value else frozenset()

    def own_phrase(self, values: Sequence[Any]) -> Phrase:
        """Name the company's value."""
        return Phrase(self._own_message, {"values": values})
