"""What the worker does about profiles, by the clock. Handed over in ``app.py``; each owner's part in one short transaction, bad rows hold up none."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.clock import local_date
from portal.kernel.db import Database, programme_zone
from portal.kernel.rows import each_row
from portal.profiles.actions.asking import ask_owner, hide_silent, remind_owner, wake
from portal.profiles.actions.hearing import hear_bounce
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.bounces import bounced
from portal.profiles.queries.checks import due_by_owner, silent_by_owner
from portal.profiles.rules.states import Status

EVERY_SECONDS = 300.0
AT_ONCE = 500
_Verb = Callable[..., int]


def verify_profiles(database: Database, now: datetime) -> int:
    """Ask about profiles whose day has come, remind of what nobody answered, hide what is silent still; returns about how many something was done."""
    with database.reading() as session:
        silent = silent_by_owner(session, now, AT_ONCE, is_reminded=True)
    total = _each(database, silent, hide_silent, now)
    with database.reading() as session:
        waiting = silent_by_owner(session, now, AT_ONCE, is_reminded=False)
    total += _each(database, waiting, remind_owner, now)
    with database.reading() as session:
        due = due_by_owner(session, now, AT_ONCE)
    return total + _each(database, due, ask_owner, now)


def wake_profiles(database: Database, now: datetime) -> int:
    """End rests whose days are over; returns how many."""
    with database.reading() as session:
        today = local_date(now, programme_zone(session))
        resting = (ReferenceProfile.status == Status.RESTING, ReferenceProfile.rests_until <= today)
        found = session.scalars(select(ReferenceProfile.person_id).where(*resting).order_by(ReferenceProfile.person_id).limit(AT_ONCE)).all()
    woken = each_row(database, found, lambda person_id: partial(_wake, person_id=person_id, now=now), job="profiles.wake_profiles")
    return sum(bool(one) for one in woken)


def hear_bounces(database: Database, now: datetime) -> int:
    """Pull the question forward for whom a mail server refused for good; returns for how many."""
    with database.reading() as session:
        found = bounced(session, local_date(now, programme_zone(session)), AT_ONCE)
    heard = each_row(database, found, lambda person_id: partial(_bounce, person_id=person_id, now=now), job="profiles.hear_bounces")
    return sum(bool(one) for one in heard)


def _wake(session: Session, *, person_id: int, now: datetime) -> bool:
    return wake(session, system("job"), person_id=person_id, now=now)


def _bounce(session: Session, *, person_id: int, now: datetime) -> bool:
    return hear_bounce(session, person_id, now)


def _each(database: Database, owners: dict[int | None, list[int]], verb: _Verb, now: datetime) -> int:
    def run(owner_id: int | None) -> Callable[[Session], int]:
        return partial(verb, actor=system("job"), owner_id=owner_id, person_ids=owners[owner_id], now=now)

    return sum(each_row(database, owners, run, job=f"profiles.{verb.__name__}"))
