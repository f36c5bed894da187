"""Telling all admins once a week what was given and taken by hand, so that no admin does it unseen."""

from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.bank.models import CorrectionsWeek
from portal.bank.queries.weekly import week_of_corrections
from portal.bank.rules.weekly import end_of_week, week_name
from portal.notifications.actions import notify
from portal.people.queries.persons import admins


def tell_of_week(session: Session, *, first: date, now: datetime) -> bool:
    """Tell all admins, once for ever, what was corrected by hand in the week from ``first``; tells whether this call did.

    Of a week without corrections nothing is sent, and it is noted as told.
    """
    found = week_of_corrections(session, first)
    maker = postgresql if session.connection().dialect.name == "postgresql" else sqlite
    noted = maker.insert(CorrectionsWeek).values(first_on=first, corrections=found.count, told_at=now)
    claimed = session.execute(noted.on_conflict_do_nothing().returning(CorrectionsWeek.first_on)).first()
    if claimed is None or not found.count:
        return False
    until, week = end_of_week(first), week_name(first)
    data = {"week": week, "first": first.isoformat(), "until": until.isoformat(), **asdict(found)}
    for to in admins(session):
        link = f"/admin/corrections?since={first}&until={until}"
        notify(session, to=to, kind="corrections_week", data=data, key=f"corrections:{week}", now=now, link=link)
    return True
