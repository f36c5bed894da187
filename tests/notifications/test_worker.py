"""A real worker process between a real database and a real SMTP server: killed, stopped, left without its queue."""

import os
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select, update

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import OutboxJob
from tests.factories.notifications import make_job, make_mail
from tests.support.prepared import Started
from tests.support.site import Post, Site, wait_for

MAILS = 60
PHASES = ("hello", "sender", "recipient", "content", "accepted")
POINTS = [(phase, number) for number in (1, 2, 3, 4) for phase in PHASES]


class Deadly(Post):
    """A mail server at which the worker dies: at one phase of the n-th conversation."""

    def __init__(self) -> None:
        super().__init__()
        self.victim: Started | None = None
        self.point: tuple[str, int] | None = None
        self.seen: Counter[str] = Counter()
        self.lock = threading.Lock()

    def aim(self, victim: Started, point: tuple[str, int]) -> None:
        with self.lock:
            self.seen.clear()
            self.victim, self.point = victim, point

    def _reach(self, phase: str) -> None:
        with self.lock:
            self.seen[phase] += 1
            if self.victim and self.point == (phase, self.seen[phase]):
                self.victim.send_signal(signal.SIGKILL)
                self.victim = None

    async def handle_EHLO(self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:
        session.host_name = hostname  # type: ignore[assignment]
        self._reach("hello")
        return responses

    async def handle_MAIL(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        self._reach("sender")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        self._reach("recipient")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self._reach("content")
        answer = await super().handle_DATA(server, session, envelope)
        self._reach("accepted")
        return answer


@pytest.fixture
def deadly() -> Iterator[Deadly]:
    made = Deadly()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def workers(database: Database, tmp_path: Path, deadly: Deadly) -> Iterator[Site]:
    """An installation of which only workers are started, by the test."""
    made = Site(database, tmp_path, deadly)
    made.environment["PORTAL_LOG_LEVEL"] = "INFO"
    yield made
    made.stop()


def open_jobs(database: Database) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).where(OutboxJob.done_at.is_(None))).scalar_one()


def wait_until_open(workers: Site, count: int, seconds: float = 60) -> None:
    """Wait until only ``count`` jobs are open; tell what the workers said if that does not happen."""
    try:
        wait_for(lambda: open_jobs(workers.database) == count, f"{count} open jobs", seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}; {open_jobs(workers.database)} are open; the workers said:\n{workers.log.read_text()[-6000:]}") from error


def pass_a_minute(database: Database) -> None:
    """Let the leases of dead workers run out, and the waits of failed tries end, without waiting for it."""
    moment = utcnow() - timedelta(seconds=1)

    def work(session: Any) -> None:
        session.execute(update(OutboxJob).where(OutboxJob.lease_until.is_not(None)).values(lease_until=moment))
        session.execute(update(OutboxJob).where(OutboxJob.done_at.is_(None)).values(available_at=moment))

    database.write(work)


def test_a_worker_killed_at_twenty_points_loses_no_mail_and_repeats_carry_the_same_message_id(
    database: Database, workers: Site, deadly: Deadly
) -> None:
    for number in range(MAILS):
        database.write(lambda s, n=number: make_mail(s, email=f"reader{n}@customer.example"))
    for point in POINTS:
        worker = workers.spawn("flask", "worker")
        deadly.aim(worker, point)
        assert worker.wait(timeout=60) == -signal.SIGKILL, point
        pass_a_minute(database)
    assert open_jobs(database) > 0, "every kill must meet a worker that still has mails to send"
    workers.spawn("flask", "worker")
    wait_until_open(workers, 0)

    ids: dict[str, list[str]] = defaultdict(list)
    for mail in deadly.mails:
        ids[mail["To"].addresses[0].addr_spec].append(mail["Message-ID"])
    assert set(ids) == {f"reader{number}@customer.example" for number in range(MAILS)}
    assert all(len(set(found)) == 1 for found in ids.values())
    assert len({found[0] for found in ids.values()}) == MAILS
    assert any(len(found) > 1 for found in ids.values()), "a worker that dies after the server took the mail sends it again"


def test_a_worker_that_is_asked_to_stop_finishes_and_the_next_one_goes_on(database: Database, workers: Site, deadly: Deadly) -> None:
    for name in (signal.SIGTERM, signal.SIGINT):
        database.write(make_mail)
        worker = workers.spawn("flask", "worker")
        wait_until_open(workers, 0)
        worker.send_signal(name)
        assert worker.wait(timeout=20) == 0
    assert len(deadly.mails) == 2
    assert "worker ended" in workers.log.read_text()


class Slow(Deadly):
    """A mail server that does not answer until the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.free = threading.Event(), threading.Event()

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        self.asked.set()
        await server.loop.run_in_executor(None, self.free.wait, 60)
        return await super().handle_RCPT(server, session, envelope, address, options)


def test_a_job_that_does_not_end_in_time_is_handed_back(database: Database, tmp_path: Path) -> None:
    slow = Slow()
    slow.start()
    site = Site(database, tmp_path, slow)
    try:
        job_id = database.write(make_mail)
        worker = site.spawn("flask", "worker")
        assert slow.asked.wait(30)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=20) == 0
        with database.reading() as session:
            job = session.scalars(select(OutboxJob).where(OutboxJob.id == job_id)).one()
        assert (job.leased_by, job.lease_until, job.tries, job.done_at) == (None, None, 0, None)
        slow.free.set()
        site.spawn("flask", "worker")
        wait_until_open(site, 0)
        assert len({mail["Message-ID"] for mail in slow.mails}) == 1
    finally:
        slow.free.set()
        site.stop()
        slow.stop()


def test_two_workers_share_the_mails_and_send_each_once(database: Database, workers: Site, deadly: Deadly) -> None:
    for _ in range(40):
        database.write(make_mail)
    for _ in range(2):
        workers.spawn("flask", "worker", "--threads", "8")
    wait_until_open(workers, 0)
    assert Counter(Counter(mail["Message-ID"] for mail in deadly.mails).values()) == {1: 40}


def test_a_worker_whose_queue_file_is_lost_still_sends_what_is_promised(database: Database, workers: Site, deadly: Deadly) -> None:
    worker = workers.spawn("flask", "worker")
    database.write(make_mail)
    wait_until_open(workers, 0)
    for file in workers.folder.glob("jobs.sqlite3*"):
        file.unlink()
    database.write(make_mail)
    wait_until_open(workers, 0)
    assert (worker.poll(), len(deadly.mails)) == (None, 2)


def test_a_failing_job_does_not_hold_up_the_others(database: Database, workers: Site, deadly: Deadly) -> None:
    poison = database.write(lambda s: make_job(s, topic="nobody.knows"))
    database.write(make_mail)
    workers.spawn("flask", "worker", "--threads", "1")
    wait_until_open(workers, 1)
    with database.reading() as session:
        job = session.scalars(select(OutboxJob).where(OutboxJob.id == poison)).one()
    assert (job.tries, job.last_error) == (1, "LookupError: no handler for nobody.knows")
    assert "job failed" in workers.log.read_text()
    assert len(deadly.mails) == 1


def test_the_test_mail_of_the_command_line_arrives(database: Database, workers: Site, deadly: Deadly) -> None:
    assert workers.run("check-mail", "ops@customer.example").returncode == 0
    workers.spawn("flask", "worker")
    assert deadly.to("ops@customer.example")["Subject"] == "Mail from Laurel arrives"
    refused = workers.run("check-mail", f"ops@customer.example{os.linesep}Bcc: all@example.com")
    assert refused.returncode == 1
    assert "may not contain line breaks" in refused.stderr
