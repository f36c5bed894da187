"""What profiles hear of people: a low score, a mail that came back, another title or employer, somebody who left. Wired in ``app.py``."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import system
from portal.people.models import Person
from portal.people.rules.person import PersonState
from portal.profiles.actions.rows import locked, move, today_of, touch
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.fresh import Why, is_asked, is_detractor, pulled_forward
from portal.profiles.rules.states import WAYS, Move, Retired, Status

PULLED = (Status.ACTIVE, Status.RESTING)


def hear_nps(session: Session, person_id: int, *, score: int, at: datetime, now: datetime) -> None:
    """Keep the newest score that somebody gave; a detractor's (0 to 6) pulls the question whether they are still a reference forward."""
    row = _found(session, person_id)
    if row is None or (row.nps_at is not None and row.nps_at > at) or (row.nps, row.nps_at) == (score, at):
        return
    row.nps, row.nps_at = score, at
    if is_detractor(score):
        _pull(session, row, Why.DETRACTOR, now)
    session.flush()


def unhear_nps(session: Session, person_id: int, *, at: datetime, older: tuple[int, datetime] | None = None, now: datetime) -> None:
    """Forget the score of an answer that is taken back, where it is the one that is kept: the ``older`` one that stands counts again, if any.

    A question that the score raised stays asked. A detractor's that nobody has looked at since raises one.
    """
    row = _found(session, person_id)
    if row is None or row.nps_at != at:
        return
    row.nps, row.nps_at = older or (None, None)
    if older is not None and is_detractor(older[0]) and (row.verified_at is None or row.verified_at < older[1]):
        _pull(session, row, Why.DETRACTOR, now)
    session.flush()


def hear_bounce(session: Session, person_id: int, now: datetime) -> bool:
    """Pull the question forward since a mail to somebody came back for good; tells whether that was new."""
    row = _found(session, person_id)
    if row is None or is_asked(row.verify_on, row.verify_why, today_of(session, now)):
        return False
    is_new = _pull(session, row, Why.BOUNCE, now)
    session.flush()
    return is_new


def hear_edit(session: Session, person_id: int, before: Mapping[str, Any], now: datetime) -> None:
    """Hear that a person's record was edited: ``before`` holds what its changed fields were. The first title somebody gets is no new one."""
    if before.get("company_id") is not None:
        hear_title_change(session, person_id, now, why=Why.EMPLOYER)
    elif before.get("title"):
        hear_title_change(session, person_id, now)


def hear_title_change(session: Session, person_id: int, now: datetime, *, why: Why = Why.TITLE) -> None:
    """Pull the question forward since somebody has another title, or another employer."""
    row = _found(session, person_id)
    if row is not None:
        _pull(session, row, why, now)
        session.flush()


def hear_departure(session: Session, person_id: int) -> None:
    """Retire the profile of somebody who was deactivated. Coming back turns nothing on again."""
    row = _found(session, person_id)
    if row is None or row.status not in WAYS[Move.RETIRE].start:
        return
    person = session.get_one(Person, person_id, populate_existing=True)
    if person.state == PersonState.DEACTIVATED and person.deactivated_at is not None:
        move(session, system("people"), person_id, Move.RETIRE, person.deactivated_at, retired_as=Retired.LEFT)


def _found(session: Session, person_id: int) -> ReferenceProfile | None:
    """Return the profile, locked; most people have none, which costs one look and no lock."""
    if session.scalar(select(ReferenceProfile.person_id).where(ReferenceProfile.person_id == person_id)) is None:
        return None
    return locked(session, person_id)


def _pull(session: Session, row: ReferenceProfile, why: Why, now: datetime) -> bool:
    """Pull the question forward; tells whether it was not before."""
    if row.status not in PULLED:
        return False
    today = today_of(session, now)
    is_new = not is_asked(row.verify_on, row.verify_why, today)
    # Pulled forward already, and not yet answered: the first reason stands. What came after is kept in the record.
    record(session, system("profiles"), "profile.doubted", "profile", row.person_id, now=now, why=why.value)
    if not is_new:
        return False
    row.verify_on, row.verify_why = pulled_forward(row.verify_on, today), why
    touch(row, now)
    return True
