"""What higher rooms show on the admins' page about a person or a company, and on everybody's own profile. Handed over in ``app.py``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from portal.people.models import Person

Facts = Callable[[Session, Person, datetime], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Panel:
    """A template, and what it is filled from; None leaves it out for this person."""

    template: str
    facts: Facts


CompanyFacts = Callable[[Session, int, datetime], Mapping[str, Any]]


@dataclass(frozen=True)
class CompanyPanel:
    """A template on the page of a company, and what it is filled from by the company's id."""

    template: str
    facts: CompanyFacts


def panels_for_company(session: Session, company_id: int, now: datetime) -> list[tuple[str, Mapping[str, Any]]]:
    """Return template and facts of each panel about a company."""
    panels: Sequence[CompanyPanel] = current_app.extensions.get("company_panels", ())
    return [(panel.template, panel.facts(session, company_id, now)) for panel in panels]


def panels_for(place: str, session: Session, person: Person, now: datetime) -> list[tuple[str, Mapping[str, Any]]]:
    """Return template and facts of each panel of ``place`` (``person_panels`` or ``profile_panels``) about ``person``."""
    panels: Sequence[Panel] = current_app.extensions.get(place, ())
    found = ((panel.template, panel.facts(session, person, now)) for panel in panels)
    return [(template, facts) for template, facts in found if facts is not None]
