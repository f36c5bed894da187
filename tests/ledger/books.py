"""A small ledger with every kind of transfer in it, for tests that damage, judge or export it."""

from datetime import timedelta

from portal.kernel.db import Database
from portal.ledger.actions.sealing import seal_pending
from tests.ledger.verbs import NOW, adjust, award, capture, hold, open_owner, release, reverse


def fill(database: Database, owners: int = 3) -> None:
    """Write transfers of all kinds for some owners, with notes, debts and two units."""
    for owner_id in range(1, owners + 1):
        database.write(lambda session, owner_id=owner_id: _one(session, owner_id))
    database.write(lambda session: (open_owner(session, 1, unit="staff"), award(session, 9, 1, unit="staff")))


def _one(session, owner_id: int) -> None:
    day = timedelta(days=owner_id)
    open_owner(session, owner_id)
    first = award(session, 100, owner_id, note="for the talk", now=NOW + day, effective_at=NOW - day, batch_id=3)
    adjust(session, 15, owner_id, counts_as_earned=True, now=NOW + day, note="missed in May")
    spent = capture(session, hold(session, 60, owner_id, now=NOW + day).id, now=NOW + day)
    release(session, hold(session, 20, owner_id, now=NOW + day).id, now=NOW + day)
    hold(session, 30, owner_id, now=NOW + day)
    reverse(session, first.id, now=NOW + day)
    award(session, 25, owner_id, now=NOW + day)
    reverse(session, spent.id, now=NOW + day)
    adjust(session, -5, owner_id, now=NOW + day)


def fill_and_seal(database: Database, owners: int = 3, size: int = 7) -> None:
    """Fill, and seal in several blocks."""
    fill(database, owners)
    seal_pending(database, NOW + timedelta(days=30), size=size)
