"""Delivering promised jobs: Huey brings a row's id to a thread, the row decides whether it runs."""

import json
import os
import random
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import psycopg
import redis
from huey import Huey
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import PostgresStorage, RedisStorage, SqliteStorage
from redis import ConnectionPool

from config import Settings
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import Busy, Unreachable
from portal.notifications import leases
from portal.notifications.leases import Job
from portal.notifications.rules import GiveUp, wait_after
from portal.web.logs import log

Handler = Callable[[Database, dict[str, Any], datetime], None]
Tick = tuple[float, Callable[[Database, datetime], object]]
Clock = Callable[[], datetime]

# What a job store says that is stopped.
STORE_AWAY = (psycopg.OperationalError, redis.ConnectionError)
HANDED_AT_ONCE = 200
SHORT_QUEUE = 20


class Delivery:
    """Runs jobs: takes the lease, calls the topic's handler, marks the row. Safe in any number of threads and processes."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler], *, clock: Clock = utcnow) -> None:
        self.database, self.handlers, self.clock = database, handlers, clock
        self.worker = f"{socket.gethostname()[:24]}:{os.getpid()}"
        self.is_ending = False
        self._held: set[str] = set()
        self._lock = threading.Lock()

    def deliver(self, job_id: int) -> None:
        """Make one attempt at the job, if it is due and nobody else's. What goes wrong is kept on the row, never raised."""
        try:
            self._deliver(job_id, self.clock())
        except Busy:
            log.warning("the database is busy; the job comes again when its lease has run out", job=job_id)
        except Unreachable:
            log.warning("the database cannot be reached; the job comes again when it can, and its lease has run out", job=job_id)

    def renew(self) -> None:
        """Prolong the leases of the attempts that run here. Called every 20 s; a lease lasts 60."""
        held = self._holding()
        if held:
            self.database.write(lambda session: leases.renew(session, held, now=self.clock()))

    def hand_back(self) -> int:
        """Take no more jobs, and give the unfinished ones to other workers; without a database their leases run out by themselves."""
        self.is_ending = True
        held = self._holding()
        try:
            return self.database.write(lambda session: leases.hand_back(session, held, now=self.clock()))
        except (Busy, Unreachable):
            return 0

    def _deliver(self, job_id: int, now: datetime) -> None:
        if self.is_ending:
            return
        job = self.database.write(lambda session: leases.take(session, job_id, worker=self.worker, now=now))
        if job is None:
            return
        with self._lock:
            self._held.add(job.lease)
        try:
            self._attempt(job, now)
        finally:
            with self._lock:
                self._held.discard(job.lease)

    def _holding(self) -> list[str]:
        with self._lock:
            return list(self._held)

    def _attempt(self, job: Job, now: datetime) -> None:
        try:
            handler = self.handlers.get(job.topic)
            if handler is None:
                raise LookupError(f"no handler for {job.topic}")
            handler(self.database, {**job.payload, "outbox_id": job.id}, now)
        except Exception as error:
            self._failed(job, error)
        else:
            self._done(job)

    def _done(self, job: Job) -> None:
        if self.database.write(lambda session: leases.finish(session, job, now=self.clock())):
            log.info("job done", job=job.id, topic=job.topic, tries=job.tries)
        else:
            log.warning("job lost its lease and will run again", job=job.id, topic=job.topic)

    def _failed(self, job: Job, error: Exception) -> None:
        wait = wait_after(job.tries, random.uniform(-1, 1))
        words = str(error) if isinstance(error, GiveUp) else f"{type(error).__name__}: {error}"
        is_dead = self.database.write(
            lambda session: leases.fail(session, job, error=words, wait=wait, now=self.clock(), give_up=isinstance(error, GiveUp))
        )
        log.warning("job is dead" if is_dead else "job failed", job=job.id, topic=job.topic, tries=job.tries, error=words)


class JsonSerializer(Serializer):  # type: ignore[misc]
    """Huey's messages as JSON, where its own way is pickle: who can write to the job store must not be able to run code here."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data) if isinstance(data, Message) else data).encode()

    def _deserialize(self, data: Any) -> Any:
        return Message(*json.loads(bytes(data)))


class Engine:
    """Huey over the outbox. Built when first used, so that each process has its own connections and a page never waits for it."""

    def __init__(self, settings: Settings, delivery: Delivery) -> None:
        self.settings, self.delivery = settings, delivery
        self._huey: Huey | None = None
        self._task: Any = None
        self._lock = threading.Lock()

    @property
    def huey(self) -> Huey:
        """The engine itself."""
        with self._lock:
            if self._huey is None:
                made = Huey("laurel", results=False, serializer=JsonSerializer(), **_storage(self.settings))
                self._task = made.task(name="deliver")(self._deliver)
                self._huey = made
            return self._huey

    def _deliver(self, job_id: int) -> None:
        self.delivery.deliver(job_id)

    def hand_over(self, job_ids: list[int]) -> None:
        """Put jobs into the queue. One that is there twice runs once: its row decides."""
        queue = self.huey
        for job_id in job_ids:
            queue.enqueue(self._task.s(job_id))

    def wake(self, job_ids: list[int]) -> None:
        """Hand over what a unit of work has just promised. Never raises: the rows are the promise, and the sweeper sees them too."""
        try:
            self.hand_over(job_ids[:HANDED_AT_ONCE])
        except Exception as error:
            log.warning("the job engine does not answer; the sweeper will bring the jobs", jobs=len(job_ids), error=str(error))

    def sweep(self, database: Database, now: datetime) -> None:
        """Bring open jobs to the queue: those whose time has come, whose lease ran out, or whose call was lost. A long queue is left alone."""
        buried = database.write(lambda session: leases.bury(session, now=now))
        if buried:
            log.warning("jobs are dead", jobs=buried)
        if self.huey.storage.queue_size() >= SHORT_QUEUE:
            return
        with database.reading() as session:
            found = leases.due(session, now=now, limit=HANDED_AT_ONCE)
        self.hand_over(found)


def _storage(settings: Settings) -> dict[str, Any]:
    """Return where Huey keeps its queue. It may be lost, so the SQLite file needs no waiting for the disk."""
    url = settings.jobs_url
    if not url:
        settings.data.mkdir(parents=True, exist_ok=True)
        return {"storage_class": SqliteStorage, "filename": str(settings.data / "jobs.sqlite3"), "fsync": False}
    scheme = url.split(":", 1)[0].split("+", 1)[0]
    if scheme in ("redis", "rediss"):
        return {"storage_class": RedisStorage, "connection_pool": ConnectionPool.from_url(url, socket_connect_timeout=2, socket_timeout=10)}
    if scheme in ("postgresql", "postgres"):
        return {"storage_class": PostgresStorage, "dsn": f"postgresql:{url.split(':', 1)[1]}", "connect_timeout": 3}
    raise ValueError("PORTAL_JOBS_URL must be empty, redis://… or postgresql://…")
