"""Sealing: everything once, late commits too, one chain whoever seals."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.kernel.db import Database
from portal.ledger.actions.sealing import append_block, draft_block, seal, seal_pending
from portal.ledger.models import block, programme_total, transfer
from portal.ledger.queries import proof
from portal.ledger.queries.sealed import head
from portal.ledger.queries.totals import programme_totals
from portal.ledger.rules import AccountKind
from portal.ledger.seals import GENESIS, read_ranges
from tests.ledger.vandal import Vandal
from tests.ledger.verbs import NOW, award, capture, hold, open_owner


@pytest.fixture(autouse=True)
def owner(database: Database) -> None:
    database.write(open_owner)


def sealed_ids(database: Database) -> list[int]:
    """Return every id in the order of sealing, as often as it was sealed."""
    with database.reading() as session:
        texts = session.execute(select(block.c.ids).order_by(block.c.id)).scalars().all()
    return [n for text in texts for low, high in read_ranges(text) for n in range(low, high + 1)]


def transfer_ids(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.execute(select(transfer.c.id).order_by(transfer.c.id)).scalars())


def give(database: Database, count: int = 1) -> None:
    for _ in range(count):
        database.write(lambda session: award(session, 10))


def test_everything_is_sealed_once_block_by_block(database: Database) -> None:
    give(database, 7)
    assert seal_pending(database, NOW, size=3) == 7
    assert seal_pending(database, NOW) == 0
    give(database)
    assert seal_pending(database, NOW) == 1
    assert sealed_ids(database) == transfer_ids(database)
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(block)).scalar_one() == 4
        assert session.execute(select(block.c.prev_hash).order_by(block.c.id)).scalars().first() == GENESIS
        assert proof.waiting(session) == 0


def test_sealing_joins_a_unit_of_work_that_is_rolled_back(database: Database) -> None:
    give(database)

    def sealed_then_lost(session) -> None:
        assert seal(session, now=NOW) == 1
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.write(sealed_then_lost)
    assert sealed_ids(database) == []
    assert seal_pending(database, NOW) == 1


@pytest.mark.only_on("postgresql", reason="only there are ids given before the commit, so that a later id can be seen first")
def test_a_late_commit_is_sealed_by_a_later_block(database: Database) -> None:
    give(database)
    database.write(lambda session: open_owner(session, 8))
    slow = database._sessions()
    late = award(slow, 5, owner_id=8)
    give(database, 2)
    assert seal_pending(database, NOW) == 3
    with database.reading() as session:
        assert head(session).gaps == ((late.id, late.id),)
    slow.commit()
    slow.close()
    with database.reading() as session:
        assert proof.waiting(session) == 1
        assert programme_totals(session)[AccountKind.ISSUED] == -35
    assert seal_pending(database, NOW) == 1
    assert sorted(sealed_ids(database)) == transfer_ids(database)
    assert sealed_ids(database)[-1] == late.id
    with database.reading() as session:
        assert head(session).gaps == ()


def test_a_gap_that_stays_open_for_a_day_is_closed(database: Database) -> None:
    give(database)
    Vandal(database).skip_ids("transfer", 3)
    give(database)
    seal_pending(database, NOW)
    with database.reading() as session:
        assert head(session).gaps == ((2, 4),)
    give(database)
    seal_pending(database, NOW + timedelta(hours=23))
    with database.reading() as session:
        assert head(session).gaps == ((2, 4),)
    give(database)
    seal_pending(database, NOW + timedelta(hours=24))
    with database.reading() as session:
        assert head(session).gaps == ()


def test_a_block_can_be_followed_once_only(database: Database) -> None:
    give(database, 2)
    with database.reading() as session:
        one, two = draft_block(session, now=NOW, size=1), draft_block(session, now=NOW)
    assert one
    assert two
    assert database.write(lambda session: append_block(session, one)) == 1
    assert database.write(lambda session: append_block(session, two)) is None
    assert sealed_ids(database) == [1]


def test_sealers_and_writers_at_once_miss_nothing_and_fork_nothing(database: Database) -> None:
    for owner_id in range(10, 14):
        database.write(lambda session, owner_id=owner_id: open_owner(session, owner_id))
    start, errors, writing = threading.Barrier(7), [], threading.Event()

    def write(owner_id: int) -> None:
        for _ in range(12):
            database.write(lambda session: award(session, 1, owner_id=owner_id))

    def go_on_sealing(_: int) -> None:
        while not writing.is_set():
            seal_pending(database, NOW, size=5)

    def run(work, number: int) -> None:
        start.wait()
        try:
            work(number)
        except Exception as error:
            errors.append(error)

    writers = [threading.Thread(target=run, args=(write, n)) for n in range(10, 14)]
    sealers = [threading.Thread(target=run, args=(go_on_sealing, n)) for n in range(3)]
    for thread in writers + sealers:
        thread.start()
    for thread in writers:
        thread.join()
    writing.set()
    for thread in sealers:
        thread.join()
    seal_pending(database, NOW)
    assert errors == []
    assert sorted(sealed_ids(database)) == transfer_ids(database)
    assert len(sealed_ids(database)) == 48


def test_the_programmes_totals_follow_the_blocks_and_the_lines_since(database: Database) -> None:
    give(database, 3)
    seal_pending(database, NOW)
    database.write(lambda session: capture(session, hold(session, 20).id))
    give(database)
    with database.reading() as session:
        totals = programme_totals(session)
        assert totals == {AccountKind.ISSUED: -40, AccountKind.REDEEMED: 20, AccountKind.EXPIRED: 0, AccountKind.ADJUSTED: 0}
        assert session.execute(select(func.sum(programme_total.c.total))).scalar_one() == -30
    seal_pending(database, NOW)
    with database.reading() as session:
        assert programme_totals(session) == totals
        assert set(session.execute(select(programme_total.c.block_id)).scalars()) == {2}
