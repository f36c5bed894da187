"""One job's life: taken once, tried ten times, dead, retried; lost leases; a lost queue."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from config import Settings
from portal.audit import actions as audit
from portal.audit.models import AuditEvent
from portal.kernel.actor import Actor
from portal.kernel.db import Database
from portal.kernel.errors import NotFound
from portal.notifications import leases
from portal.notifications.actions import retry_job, retry_jobs
from portal.notifications.jobs import Delivery, Engine
from portal.notifications.models import OutboxJob
from portal.notifications.queries import outbox_state
from portal.notifications.rules import LEASE, GiveUp, NotADeadLetter
from tests.factories.notifications import make_dead_letter, make_job

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ADMIN = Actor(id=1, roles=frozenset({"admin"}), origin="127.0.0.1")


class Clock:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, delta: timedelta) -> None:
        self.now += delta


class Handler:
    """Keeps what it was called with; fails while ``error`` is set."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self.error = error

    def __call__(self, _database: Database, payload: dict[str, Any], _now: datetime) -> None:
        self.calls.append(payload)
        if self.error:
            raise self.error


@pytest.fixture
def clock() -> Clock:
    return Clock()


def delivery(database: Database, handler: Handler, clock: Clock) -> Delivery:
    return Delivery(database, {"test.topic": handler}, clock=clock)


def row(database: Database, job_id: int) -> OutboxJob:
    with database.reading() as session:
        return session.scalars(select(OutboxJob).where(OutboxJob.id == job_id)).one()


def promise(database: Database, **overrides: Any) -> int:
    return database.write(lambda s: make_job(s, now=START, **overrides))


def test_a_job_runs_once_and_its_payload_is_forgotten(database: Database, clock: Clock) -> None:
    handler, job_id = Handler(), promise(database)
    for _ in range(2):
        delivery(database, handler, clock).deliver(job_id)
    assert handler.calls == [{"number": 1, "outbox_id": job_id}]
    done = row(database, job_id)
    assert (done.done_at, done.payload, done.leased_by, done.tries) == (START, {}, None, 1)


def test_a_job_of_the_future_waits_for_its_time(database: Database, clock: Clock) -> None:
    handler, job_id = Handler(), promise(database, available_at=START + timedelta(hours=1))
    delivery(database, handler, clock).deliver(job_id)
    assert handler.calls == []
    clock.pass_by(timedelta(hours=1))
    delivery(database, handler, clock).deliver(job_id)
    assert len(handler.calls) == 1


def test_a_poison_job_is_a_dead_letter_after_ten_tries_with_growing_waits(database: Database, clock: Clock) -> None:
    handler, job_id = Handler(ValueError("poison")), promise(database)
    waits = []
    for _ in range(10):
        delivery(database, handler, clock).deliver(job_id)
        found = row(database, job_id)
        if found.dead_at is None:
            waits.append(found.available_at - clock.now)
            delivery(database, handler, clock).deliver(job_id)
            clock.now = found.available_at
    assert len(handler.calls) == 10
    dead = row(database, job_id)
    assert (dead.dead_at, dead.tries, dead.last_error) == (clock.now, 10, "ValueError: poison")
    assert waits == sorted(waits)
    assert timedelta(hours=8) < sum(waits, timedelta()) < timedelta(hours=15)
    clock.pass_by(timedelta(days=30))
    delivery(database, handler, clock).deliver(job_id)
    assert len(handler.calls) == 10


def test_a_dead_letter_that_is_retried_runs_again_and_is_recorded(database: Database, clock: Clock) -> None:
    handler, job_id = Handler(GiveUp("no such address")), promise(database)
    delivery(database, handler, clock).deliver(job_id)
    assert (row(database, job_id).dead_at, row(database, job_id).last_error) == (START, "no such address")
    database.write(lambda s: retry_job(s, ADMIN, job_id=job_id, now=clock.now, record=audit.record))
    handler.error = None
    delivery(database, handler, clock).deliver(job_id)
    assert row(database, job_id).done_at == START
    with database.reading() as session:
        event = session.scalars(select(AuditEvent)).one()
    assert (event.name, event.subject_id, event.actor_id) == ("job.retried", job_id, 1)


def test_a_job_that_is_not_dead_cannot_be_retried(session) -> None:
    job_id = make_job(session)
    with pytest.raises(NotADeadLetter):
        retry_job(session, ADMIN, job_id=job_id, now=START, record=audit.record)


def test_a_job_that_does_not_exist_is_not_found(session) -> None:
    with pytest.raises(NotFound):
        retry_job(session, ADMIN, job_id=404, now=START, record=audit.record)


def test_only_dead_letters_that_match_are_retried(session) -> None:
    wanted = make_dead_letter(session, error="connection refused", email="anna@customer.example")
    other = make_dead_letter(session, error="mailbox full 100%", email="bo@customer.example")
    assert retry_jobs(session, ADMIN, term="100%", topic="mail.send", now=START, record=audit.record) == 1
    assert retry_jobs(session, ADMIN, term="ANNA@", topic=None, now=START, record=audit.record) == 1
    assert retry_jobs(session, ADMIN, term="mail_check", topic=None, now=START, record=audit.record) == 0
    assert set(session.scalars(select(OutboxJob.id).where(OutboxJob.dead_at.is_(None)))) == {wanted, other}


def test_a_topic_without_a_handler_is_tried_again_later(database: Database, clock: Clock) -> None:
    job_id = promise(database, topic="from.a.newer.version")
    delivery(database, Handler(), clock).deliver(job_id)
    waiting = row(database, job_id)
    assert (waiting.dead_at, waiting.last_error) == (None, "LookupError: no handler for from.a.newer.version")
    assert waiting.available_at > START


def test_eight_workers_race_for_one_job_and_one_gets_it(database: Database) -> None:
    job_id, barrier, taken, errors = promise(database), Barrier(8), [], []

    def work() -> None:
        barrier.wait()
        try:
            taken.append(database.write(lambda s: leases.take(s, job_id, worker="w", now=START)))
        except Exception as error:
            errors.append(error)

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len([job for job in taken if job]) == 1
    assert row(database, job_id).tries == 1


def test_a_lease_that_ran_out_goes_to_the_next_and_the_first_cannot_speak_for_it(database: Database) -> None:
    job_id = promise(database)
    first = database.write(lambda s: leases.take(s, job_id, worker="first", now=START))
    assert first is not None
    later = START + LEASE
    assert database.write(lambda s: leases.take(s, job_id, worker="second", now=later - timedelta(seconds=1))) is None
    second = database.write(lambda s: leases.take(s, job_id, worker="second", now=later))
    assert second is not None
    assert database.write(lambda s: leases.finish(s, first, now=later)) is False
    assert database.write(lambda s: leases.fail(s, first, error="late", wait=LEASE, now=later)) is False
    assert row(database, job_id).leased_by == second.lease
    assert database.write(lambda s: leases.finish(s, second, now=later)) is True


def test_a_renewed_lease_is_kept(database: Database) -> None:
    job_id = promise(database)
    job = database.write(lambda s: leases.take(s, job_id, worker="first", now=START))
    assert job is not None
    half = START + timedelta(seconds=40)
    assert database.write(lambda s: leases.renew(s, [job.lease], now=half)) == 1
    assert database.write(lambda s: leases.take(s, job_id, worker="second", now=START + LEASE)) is None
    assert row(database, job_id).lease_until == half + LEASE


def test_a_worker_that_ends_hands_its_job_back_without_counting_the_try(database: Database, clock: Clock) -> None:
    job_id, other = promise(database), Handler()

    class Ending(Handler):
        def __call__(self, *args: Any) -> None:
            super().__call__(*args)
            assert ending.hand_back() == 1

    ending = Delivery(database, {"test.topic": Ending()}, clock=clock)
    ending.deliver(job_id)
    free = row(database, job_id)
    assert (free.done_at, free.tries, free.leased_by) == (None, 0, None)
    ending.deliver(job_id)
    assert row(database, job_id).tries == 0
    delivery(database, other, clock).deliver(job_id)
    assert len(other.calls) == 1


def test_a_job_that_ended_every_worker_is_buried(database: Database, clock: Clock, settings: Settings) -> None:
    job_id = promise(database)
    for _ in range(10):
        assert database.write(lambda s: leases.take(s, job_id, worker="crashes", now=clock.now)) is not None
        clock.pass_by(LEASE)
    Engine(settings, delivery(database, Handler(), clock)).sweep(database, clock.now)
    assert (row(database, job_id).dead_at, row(database, job_id).last_error) == (clock.now, leases.LOST)


def run_queue(engine: Engine) -> None:
    """Do what Huey's consumer does, in this thread, until the queue is empty."""
    while (task := engine.huey.dequeue()) is not None:
        engine.huey.execute(task)


def test_the_sweeper_brings_what_is_due_and_nothing_else(database: Database, clock: Clock, settings: Settings) -> None:
    handler = Handler()
    engine = Engine(settings, delivery(database, handler, clock))
    due = [promise(database) for _ in range(3)]
    promise(database, available_at=START + timedelta(hours=1))
    leased, lost = promise(database), promise(database)
    database.write(lambda s: leases.take(s, lost, worker="died", now=START))
    clock.pass_by(LEASE)
    database.write(lambda s: leases.take(s, leased, worker="works", now=clock.now))
    engine.sweep(database, clock.now)
    run_queue(engine)
    assert sorted(call["outbox_id"] for call in handler.calls) == sorted([*due, lost])


def test_a_lost_queue_loses_nothing(database: Database, clock: Clock, settings: Settings) -> None:
    handler = Handler()
    first = Engine(settings, delivery(database, handler, clock))
    promised = [promise(database) for _ in range(5)]
    first.wake(promised)
    first.huey.storage.close()
    for file in settings.data.glob("jobs.sqlite3*"):
        file.unlink()
    second = Engine(settings, delivery(database, handler, clock))
    run_queue(second)
    assert handler.calls == []
    second.sweep(database, clock.now)
    run_queue(second)
    assert sorted(call["outbox_id"] for call in handler.calls) == promised


def test_a_job_that_is_in_the_queue_twice_runs_once(database: Database, clock: Clock, settings: Settings) -> None:
    handler, job_id = Handler(), promise(database)
    engine = Engine(settings, delivery(database, handler, clock))
    engine.hand_over([job_id, job_id, job_id])
    run_queue(engine)
    assert len(handler.calls) == 1


def test_an_engine_that_does_not_answer_does_not_disturb_the_promise(database: Database, clock: Clock, settings: Settings) -> None:
    broken = settings.model_copy(update={"jobs_url": "redis://127.0.0.1:1/0"})
    engine = Engine(broken, delivery(database, Handler(), clock))
    database.inform_sessions(wake=engine.wake)
    job_id = promise(database)
    assert row(database, job_id).tries == 0


@pytest.mark.only_on("postgresql", reason="needs a PostgreSQL server for the queue itself")
def test_the_queue_may_live_in_postgresql(database: Database, clock: Clock, settings: Settings) -> None:
    handler, job_id = Handler(), promise(database)
    engine = Engine(settings.model_copy(update={"jobs_url": database.url}), delivery(database, handler, clock))
    engine.wake([job_id])
    assert engine.huey.storage.queue_size() == 1
    run_queue(engine)
    assert len(handler.calls) == 1
    engine.huey.storage.close()


def test_how_the_outbox_stands(session) -> None:
    make_job(session, now=START)
    make_job(session, now=START + timedelta(minutes=2))
    make_job(session, now=START, available_at=START + timedelta(days=1))
    taken = leases.take(session, make_job(session, now=START - timedelta(hours=1)), worker="works", now=START + timedelta(minutes=3))
    assert taken is not None
    make_dead_letter(session, now=START)
    state = outbox_state(session, now=START + timedelta(minutes=3))
    assert (state.dead, state.waiting, state.lag) == (1, 4, timedelta(minutes=3))
