"""Telling everybody who nominated somebody what became of it: in the inbox and by mail, once each."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.clock import micros
from portal.notifications.actions import notify
from portal.people.queries.persons import recipients
from portal.references.models.nominating import Nomination
from portal.references.queries.nominations import parts_in

MINE = "/nominate/mine"


def page_of(nomination_id: int) -> str:
    """Return the path of a nomination's own page."""
    return f"{MINE}/{nomination_id}"


def told_key(nomination: Nomination, person_id: int) -> str:
    """Return the key under which a nominator is told of the decision; what is decided once more is told of again."""
    return f"nomination:{nomination.id}:{nomination.state}:{micros(nomination.decided_at or nomination.created_at)}:{person_id}"


def tell_decided(session: Session, nomination: Nomination, kind: str, now: datetime, mail_at: datetime | None) -> None:
    """Tell everybody who nominated this person what was decided."""
    data = {"nominee": nomination.name, "company": nomination.company_name, "reason": nomination.reason}
    own = parts_in(session, nomination.id)
    for person_id, to in sorted(recipients(session, set(own)).items()):
        key = told_key(nomination, person_id)
        notify(session, to=to, kind=kind, data=data, key=key, now=now, link=page_of(own[person_id]), mail_at=mail_at)


def tell_step(session: Session, nomination: Nomination, step: str, now: datetime, **facts: Any) -> None:
    """Tell everybody who nominated this person of a step that is no decision: ``step`` is a word of the mail ``nomination_step``."""
    _tell(session, nomination, step, f"nomination:{nomination.id}:{step}:{micros(now)}", now, **facts)


def tell_completed(session: Session, nomination: Nomination, source: str, now: datetime) -> None:
    """Tell everybody who nominated this person that they completed something as a reference: once for each ``source``."""
    _tell(session, nomination, "completed", f"nomination:completed:{source}", now)


def _tell(session: Session, nomination: Nomination, step: str, key: str, now: datetime, **facts: Any) -> None:
    data = {"nominee": nomination.name, "company": nomination.company_name, "step": step, "reason": "", "day": ""} | facts
    own = parts_in(session, nomination.id)
    for person_id, to in sorted(recipients(session, set(own)).items()):
        notify(session, to=to, kind="nomination_step", data=data, key=f"{key}:{person_id}", now=now, link=page_of(own[person_id]))
