"""What the worker does: what was sent long enough ago counts as received, addresses nobody needs are erased, the rule looks again,
people hear of what came back on the shelf, or can be had now, and of wishes within their reach.

Handed over in ``app.py``; may run twice, or in two workers at once.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from portal.kernel.actor import system
from portal.kernel.clock import local_date
from portal.kernel.db import Database, programme_zone
from portal.kernel.errors import Conflict
from portal.kernel.failures import Failures
from portal.notifications.jobs import Handler
from portal.rewards.actions.addresses import erase_addresses
from portal.rewards.actions.auto import approve_rested
from portal.rewards.actions.fulfilling import receive_redemption
from portal.rewards.actions.returns import TELL
from portal.rewards.actions.untold import has_untold, tell_of_untold
from portal.rewards.actions.waiting import tell_some
from portal.rewards.actions.wishes import lose_reach, tell_within_reach
from portal.rewards.queries.redemptions import sent_before, tickets_over
from portal.rewards.queries.waiting import Shelf, shelves_with_some
from portal.rewards.queries.wishes import FIRST, may_have_reached, out_of_reach
from portal.rewards.queries.worth import rested
from portal.rewards.rules.states import RECEIVED_AFTER_DAYS

EVERY_SECONDS, ADDRESS_SECONDS, REST_SECONDS, WISH_SECONDS, AT_ONCE = 1800.0, 3600.0, 300.0, 1800.0, 200


def receive_by_itself(database: Database, now: datetime) -> int:
    """Note as received what nobody confirmed for so many days, each in one transaction; returns how many this call noted."""
    with database.reading() as session:
        moment = now - timedelta(days=RECEIVED_AFTER_DAYS)
        due = sent_before(session, moment, limit=AT_ONCE) + tickets_over(session, moment, limit=AT_ONCE)
    return sum(_receive(database, redemption_id, now) for redemption_id in due)


def forget_addresses(database: Database, now: datetime) -> int:
    """Erase addresses of parcels that ended long enough ago; returns how many this call erased."""
    return database.write(lambda session: erase_addresses(session, now=now, most=AT_ONCE))


def look_at_rested(database: Database, now: datetime) -> int:
    """Let the rule look again at what waited for the rest after a change, each in one transaction; returns how many it approved.

    One that fails stays for the next time and stops no other; at the end it is told.
    """
    with database.reading() as session:
        due = rested(session, now, limit=AT_ONCE)
    approved, failed = 0, Failures()
    for redemption_id in due:
        with failed.noted():
            approved += database.write(partial(approve_rested, redemption_id=redemption_id, now=now))
    failed.tell()
    return approved


def tell_of_wishes(database: Database, now: datetime) -> int:
    """Tell people of wishes that came within their reach, each person in one transaction, after what is out of reach was noted.

    Returns how many people were told. A crossing is told of once: it stands in the wish.
    """
    lost_after = (FIRST, FIRST)
    while True:
        with database.reading() as session:
            lost = out_of_reach(session, after=lost_after, limit=AT_ONCE)
        if lost:
            database.write(partial(lose_reach, wishes=lost))
            lost_after = lost[-1]
        if len(lost) < AT_ONCE:
            break
    told, after = 0, FIRST
    while True:
        with database.reading() as session:
            people = may_have_reached(session, now, after=after, limit=AT_ONCE)
        told += sum(bool(database.write(partial(tell_within_reach, person_id=person_id, now=now))) for person_id in people)
        if len(people) < AT_ONCE:
            return told
        after = people[-1]


def look_at_waiting(database: Database, now: datetime) -> int:
    """Let people who wait be told of what is there and they were not told of, each shelf in one transaction; returns of how many shelves.

    So they hear of it when a sale begins by its date, or when its conditions, its audience or their own level let them have it now.
    """
    promised, failed, after = 0, Failures(), Shelf(0)
    while True:
        with database.reading() as session:
            shelves = shelves_with_some(session, local_date(now, programme_zone(session)), after=after, limit=AT_ONCE)
        for shelf in shelves:
            with failed.noted():
                promised += _tell_of(database, shelf, now)
        if len(shelves) < AT_ONCE:
            failed.tell()
            return promised
        after = shelves[-1]


def _tell_of(database: Database, shelf: Shelf, now: datetime) -> bool:
    """The shelf is looked at without its lock first: most times there is nobody to tell, and who redeems meanwhile waits for nothing."""
    with database.reading() as session:
        if not has_untold(session, shelf, now):
            return False
    return database.write(partial(tell_of_untold, shelf=shelf, now=now))


def tell_waiting(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Tell who waits that pieces came back, some people at a time; a killed one goes on where it was."""
    while database.write(partial(tell_some, return_id=payload["return_id"], now=now)):
        pass


JOBS: dict[str, Handler] = {TELL: tell_waiting}


def _receive(database: Database, redemption_id: int, now: datetime) -> bool:
    """One that was confirmed or taken back meanwhile is left alone."""
    try:
        database.write(lambda session: receive_redemption(session, system(), redemption_id=redemption_id, now=now))
    except Conflict:
        return False
    return True
