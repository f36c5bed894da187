"""What the worker does for challenges: rules that approve, a look at shared links, peers that were never sent, new points for past completions.

Handed over in ``app.py``.
"""

import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from portal.challenges.actions.auto import approve_by_rule
from portal.challenges.actions.links import CHECK, keep_found
from portal.challenges.actions.referring import forget_unsent
from portal.challenges.actions.repaying import do_some
from portal.challenges.actions.repricing import REPRICE
from portal.challenges.queries.auto import covered, rules_on
from portal.challenges.queries.links import check_to_do
from portal.challenges.rules.links import LinkState, state_for
from portal.fetching.addresses import NotFetched
from portal.fetching.fetcher import Fetcher
from portal.kernel.db import Database
from portal.notifications.jobs import Handler

EVERY_SECONDS = 60.0
AT_ONCE = 100
UNSENT_SECONDS = 3600.0
REPRICED_AT_ONCE, GAP = 50, 0.12


def approve_by_rules(database: Database, now: datetime) -> int:
    """Let every rule that is on approve what it covers, each answer in its own short transaction; returns how many were approved."""
    with database.reading() as session:
        found = [(rule.id, attempt_id) for rule in rules_on(session) for attempt_id in session.scalars(covered(session, rule, now).limit(AT_ONCE))]
    done = [database.write(partial(approve_by_rule, rule_id=rule_id, attempt_id=attempt_id, now=now)) for rule_id, attempt_id in found]
    return sum(verdict is not None for verdict in done)


def link_jobs(fetcher: Fetcher, *, is_on: bool) -> dict[str, Handler]:
    """Return the handler that looks at a link. Where looking is switched off, what was promised before is left undone."""

    def look(database: Database, payload: dict[str, Any], now: datetime) -> None:
        place = {"check_id": payload["check_id"], "asked": payload["asked"]}
        with database.reading() as session:
            url = check_to_do(session, **place)
        if url is None or not is_on:
            return
        found: dict[str, Any]
        try:
            fetched = fetcher.fetch(url)
        except NotFetched as told:
            found = {"state": LinkState.UNREACHED, "why": told.why.value, "host": told.host}
        else:
            found = {"state": state_for(fetched.status), "status": fetched.status, "host": fetched.host}
        database.write(lambda session: keep_found(session, **place, **found, now=now))

    return {CHECK: look}


def reprice(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Pay or undo what is left of a repricing, some completions at a time, each recorded when it is paid; a killed one goes on where it was."""
    facts, at, began = {"repricing_id": payload["repricing_id"], "size": REPRICED_AT_ONCE}, now, time.monotonic()
    while database.write(partial(do_some, **facts, now=at)):
        if database.is_sqlite:
            # There is one writer, and those who wait look only every tenth of a second.
            time.sleep(GAP)
        at = now + timedelta(seconds=time.monotonic() - began)


REPRICE_JOBS: dict[str, Handler] = {REPRICE: reprice}


def forget_unsent_peers(database: Database, now: datetime) -> int:
    """Remove peers that were entered long ago and never sent; returns how many."""
    return database.write(lambda session: forget_unsent(session, now))
