"""The worker process: Huey's consumer in threads, the sweeper, and what must happen every few seconds."""

import logging
import signal
import threading
from collections.abc import Sequence
from datetime import datetime
from types import FrameType
from typing import Any

from huey.consumer import Consumer, ConsumerStopped

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.jobs import STORE_AWAY, Engine, Tick
from portal.notifications.rules import RENEW_AFTER
from portal.web.logs import log

SWEEP_SECONDS = 2.0
# Shorter than the ten seconds that container engines give before they kill.
GRACE_SECONDS = 8
QUIET_SECONDS = 30
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Worker:
    """One worker process. Any number of them may run beside each other."""

    def __init__(self, database: Database, engine: Engine, ticks: Sequence[Tick]) -> None:
        self.database, self.engine = database, engine
        self.ticks = [(SWEEP_SECONDS, engine.sweep), (RENEW_AFTER.total_seconds(), self._renew), *ticks]
        self.ending = threading.Event()

    def run(self, threads: int) -> None:
        """Work until a signal comes; then finish what runs, for a few seconds at most, and hand the rest back."""
        _structure_logs_of("huey")
        self._listen()
        consumer = self._consumer(threads)
        if consumer is None:
            return
        consumer.start()
        self._listen()  # Huey has put its own ears in place.
        runners = [threading.Thread(target=self._every, args=tick, daemon=True, name=f"tick-{place}") for place, tick in enumerate(self.ticks)]
        for runner in runners:
            runner.start()
        log.info("worker started", threads=threads, ticks=len(self.ticks))
        self._watch(consumer)
        self._end(consumer, runners)

    def _listen(self) -> None:
        for name in SIGNALS:
            signal.signal(name, self._stop)

    def _consumer(self, threads: int) -> Consumer | None:
        """Return Huey's consumer once the job store answers, None when the end came first."""
        waited = False
        while not self.ending.is_set():
            try:
                return self.engine.huey.create_consumer(
                    workers=threads, periodic=False, initial_delay=0.05, max_delay=0.5, scheduler_interval=60, shutdown_timeout=GRACE_SECONDS
                )
            except STORE_AWAY as error:
                if not waited:
                    log.error("the job store does not answer; the worker waits for it", error=str(error))
                waited = True
                self.ending.wait(SWEEP_SECONDS)
        return None

    def _watch(self, consumer: Consumer) -> None:
        """Wait for the end; meanwhile Huey replaces threads that died."""
        checked = None
        while not self.ending.is_set():
            try:
                checked = consumer.loop(checked or 1.0)
            except ConsumerStopped:
                return

    def _end(self, consumer: Consumer, runners: list[threading.Thread]) -> None:
        self.engine.delivery.is_ending = True
        self.ending.set()
        consumer.stop(graceful=True)
        for runner in runners:
            runner.join(timeout=1)
        log.info("worker ended", handed_back=self.engine.delivery.hand_back())

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.ending.set()

    def _renew(self, _database: Database, _now: datetime) -> None:
        self.engine.delivery.renew()

    def _every(self, seconds: float, work: Any) -> None:
        """Run ``work`` again and again with a pause between. What goes wrong is tried again, and logged the 1st, 2nd, 4th, 8th … time."""
        failures = 0
        while not self.ending.is_set():
            try:
                work(self.database, utcnow())
                failures = 0
            except Exception as error:
                failures += 1
                if failures & (failures - 1) == 0:
                    log.error("a tick failed", tick=getattr(work, "__qualname__", repr(work)), in_a_row=failures, exc_info=error)
            self.ending.wait(seconds)


class _Structured(logging.Handler):
    """Brings a library's own log lines into the one stream; the same line once in a while only, since a store that is away is met twice a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log the line, unless it was logged a moment ago."""
        if record.created - self._last.get(record.msg, 0) < QUIET_SECONDS:
            return
        self._last[record.msg] = record.created
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _structure_logs_of(name: str) -> None:
    logger = logging.getLogger(name)
    logger.handlers, logger.propagate = [_Structured()], False
    logger.setLevel(logging.WARNING)
