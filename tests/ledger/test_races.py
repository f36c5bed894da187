"""Real writers at the same time: processes that spend, threads that repeat, settle and reverse. Exactly one effect each."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.ledger.actions.expiring import expire
from portal.ledger.models import lot, transfer
from portal.ledger.queries.balances import Balance, balance_of
from portal.ledger.rules import KeyReused
from tests.ledger.racer import ATTEMPTS, POINTS, race_when_told
from tests.ledger.test_lots import set_policy
from tests.ledger.verbs import ADMIN, NOW, OWNER, adjust, award, capture, hold, open_owner, release, reverse
from tests.support.patient import patient
from tests.support.prepared import prepared

PROCESSES, THREADS = 8, 32
ROUNDS = 5


@pytest.fixture
def racers(database: Database) -> Iterator[list[Connection]]:
    """Eight operating-system processes, each with its own pool, waiting for the start."""
    context = prepared()
    lines = [context.Pipe() for _ in range(PROCESSES)]
    processes = [context.Process(target=race_when_told, args=(database.url, str(n), there), daemon=True) for n, (_, there) in enumerate(lines)]
    for process in processes:
        process.start()
    ours = [here for here, _ in lines]
    for _, there in lines:
        there.close()  # Theirs alone: a racer that dies is heard as the end of its line.
    assert [line.recv() for line in ours] == ["ready"] * PROCESSES
    yield ours
    for line in ours:
        line.send(None)
    for process in processes:
        process.join()


def test_eight_processes_spend_exactly_what_is_there_five_times_in_a_row(database: Database, racers: list[Connection]) -> None:
    for owner_id in range(1, ROUNDS + 1):
        database.write(lambda session, owner_id=owner_id: (open_owner(session, owner_id), award(session, 100 * POINTS, owner_id)))
        for line in racers:
            line.send(owner_id)
        results = [line.recv() for line in racers]
        assert [other for result in results for other in result["other"]] == []
        assert sum(result["made"] for result in results) == 100
        assert sum(result["refused"] for result in results) == PROCESSES * ATTEMPTS - 100
        with database.reading() as session:
            assert balance_of(session, owner_id) == Balance(0, 100 * POINTS, 0, 100 * POINTS)


def at_once(database: Database, works: list[Callable[[Any], Any]]) -> tuple[list[Any], Counter[str]]:
    """Run each of ``works`` in a unit of work and a thread of its own, all at once; return results and names of refusals."""
    start = threading.Barrier(len(works))
    results: list[Any] = []
    refusals: Counter[str] = Counter()

    def run(work: Callable[[Any], Any]) -> None:
        start.wait()
        try:
            results.append(database.write(work))
        except Exception as error:
            refusals[type(error).__name__] += 1

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, refusals


def prepare(database: Database, points: int = 100) -> int:
    return database.write(lambda session: (open_owner(session), award(session, points))[1]).id


def test_one_key_from_32_threads_is_one_transfer_and_one_answer(database: Database) -> None:
    prepare(database)
    with patient(database) as shared:
        for act in (award, hold, adjust):
            results, refusals = at_once(shared, [lambda session, act=act: act(session, 10, key=f"same:{act.__name__}", note="twice")] * THREADS)
            assert refusals == {}
            assert len({replace(written, is_replay=False, note_id=None, note_hash=None) for written in results}) == 1
            assert Counter(written.is_replay for written in results) == {True: THREADS - 1, False: 1}
    with database.reading() as session:
        assert session.execute(select(func.count()).where(transfer.c.key.like("same:%"))).scalar_one() == 3
        assert balance_of(session, OWNER) == Balance(110, 10, 0, 110)


def test_one_key_for_different_facts_is_one_transfer_and_refusals_by_name(database: Database) -> None:
    prepare(database)
    works = [lambda session, n=n: award(session, n, key="same") for n in range(1, 9)]
    results, refusals = at_once(database, works)
    assert len(results) == 1
    assert refusals == {KeyReused.__name__: 7}


def test_a_hold_is_settled_by_one_of_eight(database: Database) -> None:
    prepare(database)
    for _ in range(5):
        held = database.write(lambda session: hold(session, 10)).id
        works = [lambda session, settle=settle, held=held: settle(session, held) for settle in (release, capture) * 4]
        results, refusals = at_once(database, works)
        assert len(results) == 1
        assert refusals == {"AlreadyResolved": 7}
    with database.reading() as session:
        assert balance_of(session, OWNER).held == 0


def test_a_transfer_is_reversed_by_one_of_eight(database: Database) -> None:
    given = prepare(database)
    results, refusals = at_once(database, [lambda session: reverse(session, given)] * 8)
    assert len(results) == 1
    assert refusals == {"AlreadyReversed": 7}
    with database.reading() as session:
        assert balance_of(session, OWNER) == Balance(0, 0, 0, 0)


def test_awards_and_reversals_at_once_never_leave_points_beside_a_debt(database: Database) -> None:
    """An award that saw no debt must not pay out when a reversal has made one meanwhile."""
    prepare(database, 50)
    for _ in range(6):
        given = database.write(lambda session: award(session, 40)).id
        database.write(lambda session: capture(session, hold(session, balance_of(session, OWNER).available).id))
        works = [lambda session, given=given: reverse(session, given)] + [lambda session: award(session, 10)] * 7
        results, refusals = at_once(database, works)
        assert refusals == {}
        assert len(results) == 8
        with database.reading() as session:
            found = balance_of(session, OWNER)
        assert (found.available, found.owed) == (30, 0)


def test_points_that_lapse_and_are_held_at_once_are_one_or_the_other(database: Database) -> None:
    """Two jobs let four lots lapse while six holds want the same points: what lapsed was not held, what is held did not lapse."""
    at = NOW - timedelta(days=300)
    for owner_id in range(1, 6):
        database.write(lambda session, owner_id=owner_id: _earn_in_four_months(session, owner_id, at))
        with database.reading() as session:
            lots = session.scalars(select(lot.c.id).where(lot.c.owner_id == owner_id)).all()

        def lapse(session, lots=lots) -> int:
            done = [expire(session, ADMIN, lot_id=i, day=NOW.date(), now=NOW) for i in lots]
            return sum(written.points for written in done if written)

        def want(session, owner_id=owner_id) -> int:
            return -hold(session, 15, owner_id).points

        results, refusals = at_once(database, [lapse, want, want, want, lapse, want, want, want])
        lapsed, held = sum(n for n in results if n > 0), -sum(n for n in results if n < 0)
        assert set(refusals) <= {"BalanceTooLow"}
        assert lapsed + held == 40
        with database.reading() as session:
            assert balance_of(session, owner_id) == Balance(0, held, 0, 40)


def _earn_in_four_months(session: Session, owner_id: int, at: datetime) -> None:
    open_owner(session, owner_id)
    if owner_id == 1:
        set_policy(session, "fixed", 1, at=at)
    for month in range(4):
        award(session, 10, owner_id, effective_at=at + timedelta(days=31 * month), now=at + timedelta(days=31 * month))


def test_opening_a_unit_from_eight_threads_makes_its_accounts_once(database: Database) -> None:
    results, refusals = at_once(database, [lambda session, n=n: open_owner(session, n, unit="staff") for n in range(1, 9)])
    assert refusals == {}
    assert sorted(results) == list(range(1, 9))
