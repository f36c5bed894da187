"""What the worker does for challenges: rules that approve by themselves, peers that were never sent. Handed over in ``app.py``."""

from datetime import datetime
from functools import partial

from portal.challenges.actions.auto import approve_by_rule
from portal.challenges.actions.referring import forget_unsent
from portal.challenges.queries.auto import covered, rules_on
from portal.kernel.db import Database

EVERY_SECONDS = 60.0
AT_ONCE = 100
UNSENT_SECONDS = 3600.0


def approve_by_rules(database: Database, now: datetime) -> int:
    """Let every rule that is on approve what it covers, each answer in its own short transaction; returns how many were approved."""
    with database.reading() as session:
        found = [(rule.id, attempt_id) for rule in rules_on(session) for attempt_id in session.scalars(covered(session, rule, now).limit(AT_ONCE))]
    done = [database.write(partial(approve_by_rule, rule_id=rule_id, attempt_id=attempt_id, now=now)) for rule_id, attempt_id in found]
    return sum(verdict is not None for verdict in done)


def forget_unsent_peers(database: Database, now: datetime) -> int:
    """Remove peers that were entered long ago and never sent; returns how many."""
    return database.write(lambda session: forget_unsent(session, now))
