"""What the worker does each week: account owners are told what their customers said. Handed over in ``app.py``.

May run twice, late, or in two workers at once, to one effect. One owner whose mail fails holds up none.
"""

from datetime import datetime, timedelta
from functools import partial

from portal.accounts.actions.insights import tell_owner
from portal.accounts.queries.insights import owners_between
from portal.accounts.rules.insights import last_week
from portal.kernel.clock import start_of_day
from portal.kernel.db import Database, programme_zone
from portal.kernel.rows import each_row

WEEK_SECONDS = 900.0


def tell_owners(database: Database, now: datetime) -> int:
    """Tell each owner of the last week that is over. Returns how many mails were promised; a week without words is no mail."""
    with database.reading() as session:
        zone = programme_zone(session)
        first = last_week(now, zone)
        owners = owners_between(session, start_of_day(first, zone), start_of_day(first + timedelta(days=7), zone))
    return sum(each_row(database, owners, lambda owner_id: partial(tell_owner, owner_id=owner_id, first=first, now=now), job="accounts.tell_owners"))
