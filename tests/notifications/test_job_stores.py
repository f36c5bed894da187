"""The queue between pages and workers in another store than its own file: a real Redis, and PostgreSQL."""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NotThere
from sqlalchemy import create_engine, text

from portal.kernel.db import Database
from tests.factories.notifications import make_mail
from tests.notifications.test_worker import open_jobs, wait_until_open
from tests.support.databases import Servers, Templates
from tests.support.site import Post, Site, free_port, wait_for

MAILS = 20


@dataclass
class RedisServer:
    """A redis-server of the test's own, which keeps nothing on disk."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/3"

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "redis-server is required (LAUREL_REQUIRE_REDIS=1) and not installed"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "", "--appendonly", "no"]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen([program, *options], stdout=log, stderr=log)
        wait_for(self._answers, "redis")

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def handed_over(self) -> tuple[int, int]:
        """Return how many jobs were put into the queue, and how often somebody asked for one."""
        with Redis.from_url(self.url) as client:
            calls = {name: said["calls"] for name, said in client.info("commandstats").items()}
        return calls.get("cmdstat_lpush", 0), calls.get("cmdstat_brpop", 0)

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except NotThere:
            return False


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    made = RedisServer(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def place(database: Database, tmp_path: Path, post: Post) -> Iterator[Site]:
    """An installation of which the test starts what it needs."""
    made = Site(database, tmp_path, post)
    yield made
    made.stop()


def send_through(place: Site, store: str) -> list[str]:
    """Promise mails in one process, have them sent by two workers through ``store``, and return the ids of what arrived."""
    place.environment["PORTAL_JOBS_URL"] = store
    assert place.run("check-mail", "first@customer.example").returncode == 0
    for _ in range(2):
        place.spawn("flask", "worker")
    for number in range(MAILS - 1):
        assert place.database.write(lambda s, n=number: make_mail(s, email=f"reader{n}@customer.example"))
    assert place.run("check-mail", "last@customer.example").returncode == 0
    wait_until_open(place, 0)
    assert list(place.folder.glob("jobs.sqlite3*")) == [], "its own file is not used beside it"
    return [mail["Message-ID"] for mail in place.post.mails]


@pytest.mark.redis
def test_mails_go_through_redis_each_once(place: Site, redis: RedisServer) -> None:
    assert set(Counter(send_through(place, redis.url)).values()) == {1}
    assert len(place.post.mails) == MAILS + 1
    put, asked = redis.handed_over()
    assert put >= MAILS
    assert asked >= MAILS


def test_mails_go_through_postgresql_each_once(place: Site, servers: Servers, tmp_path: Path) -> None:
    """A database of its own, or the portal's: here one of its own, so that SQLite may have its queue there too."""
    templates = Templates(servers, tmp_path)
    store = templates.empty("postgresql", tmp_path)
    try:
        assert set(Counter(send_through(place, store.replace("+psycopg", ""))).values()) == {1}
        assert len(place.post.mails) == MAILS + 1
        engine = create_engine(store)
        with engine.connect() as connection:
            put = connection.execute(text("SELECT last_value FROM huey_task_id_seq")).scalar_one()
            left = connection.execute(text("SELECT count(*) FROM huey_task")).scalar_one()
        engine.dispose()
        assert put >= MAILS
        assert left == 0
    finally:
        place.stop()
        templates.drop(store)


@pytest.mark.redis
def test_a_redis_that_dies_with_its_queue_costs_no_mail_and_no_page(database: Database, place: Site, redis: RedisServer) -> None:
    """The rows are the promise; the worker goes on by itself when Redis is back, empty."""
    place.environment["PORTAL_JOBS_URL"] = redis.url
    worker = place.spawn("flask", "worker")
    assert place.run("check-mail", "first@customer.example").returncode == 0
    wait_until_open(place, 0)
    redis.kill()
    promised = place.run("check-mail", "second@customer.example")
    assert (promised.returncode, "Traceback" in promised.stderr) == (0, False)
    assert "the job engine does not answer; the sweeper will bring the jobs" in promised.stderr
    assert open_jobs(database) == 1
    redis.start()
    wait_until_open(place, 0)
    assert worker.poll() is None
    assert sorted(mail["To"].addresses[0].addr_spec for mail in place.post.mails) == ["first@customer.example", "second@customer.example"]
