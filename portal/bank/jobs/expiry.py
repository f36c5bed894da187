"""What the worker does for the bank: points lapse after their last day, wait no longer on theirs, and owners are told in time.

Handed over in ``app.py``. Each may run twice, be stopped anywhere, or run in two workers at once, to one effect.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial

from portal.bank.actions.terms import tell_of_expiry
from portal.bank.rules.terms import STEPS
from portal.kernel.actor import system
from portal.kernel.clock import local_date
from portal.kernel.db import Database, programme_zone
from portal.kernel.failures import Failures
from portal.ledger.actions.expiring import expire
from portal.ledger.actions.pending import release_pending
from portal.ledger.queries.lots import due_lots, ready_awards, untold

EVERY_SECONDS = 900.0
AT_ONCE = 200
# Each page looks through all lots of the days in question, so there are few.
TOLD_AT_ONCE = 2_000
START, FIRST = (date.min, 0), (0, date.min)


def expire_points(database: Database, now: datetime) -> int:
    """Post what has lapsed, each lot in a transaction of its own. Returns how many lots that were."""
    return _each(database, now, due_lots, lambda session, number, day: expire(session, system("job"), lot_id=number, day=day, now=now))


def release_points(database: Database, now: datetime) -> int:
    """Let points be spent whose day has come, each award in a transaction of its own. Returns how many awards that were."""
    return _each(database, now, ready_awards, lambda session, number, day: release_pending(session, system("job"), award_id=number, now=now))


def _each(database: Database, now: datetime, find: Callable[..., list[tuple[date, int]]], act: Callable[..., object]) -> int:
    """Do ``act`` for each that is found. One that fails stays for the next time and stops no other; at the end it is told, so that it is seen."""
    done, after, failed = 0, START, Failures()
    while True:
        with database.reading() as session:
            day = local_date(now, programme_zone(session))
            found = find(session, day, after=after, most=AT_ONCE)
        for _on, number in found:
            with failed.noted():
                done += database.write(partial(act, number=number, day=day)) is not None
        if len(found) < AT_ONCE:
            failed.tell()
            return done
        after = found[-1]


def tell_of_expiring_points(database: Database, now: datetime) -> int:
    """Tell owners of points that lapse within a week, then of those within a month. Returns how many notices were written."""
    told, failed = 0, Failures()
    for step in STEPS:
        after = FIRST
        while True:
            with database.reading() as session:
                found = untold(session, local_date(now, programme_zone(session)), step, after=after, most=TOLD_AT_ONCE)
            for owner_id, day in found:
                with failed.noted():
                    told += database.write(partial(tell_of_expiry, owner_id=owner_id, on=day, step=step, now=now))
            if len(found) < TOLD_AT_ONCE:
                break
            after = found[-1]
    failed.tell()
    return told
