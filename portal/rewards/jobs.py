"""What the worker does: what was sent long enough ago counts as received, addresses nobody needs are erased, the rule looks again.

Handed over in ``app.py``; may run twice, or in two workers at once.
"""

from datetime import datetime, timedelta
from functools import partial

from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.errors import Conflict
from portal.kernel.failures import Failures
from portal.rewards.actions.addresses import erase_addresses
from portal.rewards.actions.auto import look_again
from portal.rewards.actions.fulfilling import receive_redemption
from portal.rewards.queries.redemptions import sent_before, tickets_over
from portal.rewards.queries.worth import rested
from portal.rewards.rules.states import RECEIVED_AFTER_DAYS

EVERY_SECONDS, ADDRESS_SECONDS, REST_SECONDS, AT_ONCE = 1800.0, 3600.0, 300.0, 200


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
            approved += database.write(partial(look_again, redemption_id=redemption_id, now=now))
    failed.tell()
    return approved


def _receive(database: Database, redemption_id: int, now: datetime) -> bool:
    """One that was confirmed or taken back meanwhile is left alone."""
    try:
        database.write(lambda session: receive_redemption(session, system(), redemption_id=redemption_id, now=now))
    except Conflict:
        return False
    return True
