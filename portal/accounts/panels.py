"""What higher rooms show on the page of a company for staff. Handed over in ``app.py``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.people.models import Company

Facts = Callable[[Session, Actor, Company, datetime], Mapping[str, Any] | None]


@dataclass(frozen=True)
class AccountPanel:
    """A template, and what it is filled from for this reader; None leaves it out for them. Each shows some, with a way to all."""

    template: str
    facts: Facts


def panels_for(session: Session, actor: Actor, company: Company, now: datetime) -> list[tuple[str, Mapping[str, Any]]]:
    """Return template and facts of each panel that this reader is shown."""
    panels: Sequence[AccountPanel] = current_app.extensions.get("account_panels", ())
    found = ((panel.template, panel.facts(session, actor, company, now)) for panel in panels)
    return [(template, facts) for template, facts in found if facts is not None]
