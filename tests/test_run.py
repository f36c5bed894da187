"""``flask run-portal`` as a newcomer meets it: from nothing to a served page, both processes ended by one Ctrl-C."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from config import Env, Settings
from portal.app import create_app
from portal.commands.ops import base_url
from portal.commands.serving import DEATHS, recent
from portal.kernel.db import Database
from portal.people.models import Person
from tests.factories.people import make_person
from tests.support.databases import Templates
from tests.support.prepared import run
from tests.support.site import free_port, wait_for

ROOT = Path(__file__).resolve().parents[1]


def environment(folder: Path, url: str, **more: str) -> dict[str, str]:
    return os.environ | {"PORTAL_DATA": str(folder), "DATABASE_URL": url, "PORTAL_LOG_LEVEL": "WARNING"} | more


def flask(folder: Path, url: str, *command: str, answer: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``flask COMMAND`` with ``answer`` for what it asks."""
    return run(*command, environment=environment(folder, url, **more), answer=answer)


class Running:
    """``flask run-portal``, and what it says."""

    def __init__(self, folder: Path, url: str, *options: str) -> None:
        self.port, self.log = free_port(), folder / "run.log"
        command = [sys.executable, "-m", "flask", "run-portal", "--port", str(self.port), *options]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment(folder, url), stdout=out, stderr=out)

    @property
    def said(self) -> str:
        return self.log.read_text()

    def ready(self) -> "Running":
        wait_for(lambda: "The portal is at" in self.said or self.process.poll() is not None, "the portal", seconds=300)
        assert self.process.poll() is None, self.said
        return self

    def page(self, path: str = "/") -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            assert answer.status == 200
            return answer.read().decode()

    def children(self, pattern: str = "granian|flask worker") -> list[int]:
        found = subprocess.run(["pgrep", "-P", str(self.process.pid), "-f", pattern], capture_output=True, text=True).stdout
        return [int(line) for line in found.split()]

    def worker_after(self, deaths: int) -> int:
        """Return the worker once it was started again so many times."""
        wait_for(
            lambda: self.said.count("started again") == deaths and self.children("flask worker"), f"the worker after {deaths} deaths: {self.said}"
        )
        return self.children("flask worker")[0]

    def end(self, ending: signal.Signals) -> None:
        """End it, and require that nothing of it is left."""
        children = self.children()
        self.process.send_signal(ending)
        assert self.process.wait(timeout=60) == 0, self.said
        assert len(children) == 2
        assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
        assert subprocess.run(["pgrep", "-f", f"granian.*--port {self.port}"], capture_output=True, text=True).stdout == ""


@pytest.fixture
def start(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Return a function that starts the portal on a database, with options; whatever still runs at the end is ended."""
    made: list[tuple[Running, str]] = []

    def started(url: str, *options: str) -> Running:
        made.append((Running(tmp_path, url, *options), url))
        return made[-1][0].ready()

    yield started
    for running, url in made:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.wait(timeout=60)
        if "database" not in request.fixturenames:  # That one is looked at once more, and dropped by who made it.
            templates.drop(url)


def signs_in(running: Running) -> None:
    """Require that the demo's company and its people's sign-ins were told."""
    assert "Brindlewick" in running.page()
    for role in ("advocate", "employee", "admin"):
        assert re.search(rf"{role}\s+\S+@\S+", running.said)


# To tell the year takes longer than everything else here: each engine tells it once, by the same ``flask demo`` that both commands ask.
ONCE_AN_ENGINE = "the year is told once an engine: on PostgreSQL from nothing, on SQLite by a reset; without it a portal begins from nothing on both"
GONE_ON_BOTH = f"{ONCE_AN_ENGINE}, and tests/test_schema.py takes every table away and brings it again on both, with rows in it"


@pytest.mark.only_on("postgresql", reason=ONCE_AN_ENGINE)
def test_run_portal_starts_from_nothing_with_its_demo(engine_name: str, templates: Templates, tmp_path: Path, start: Callable[..., Running]) -> None:
    running = start(templates.empty(engine_name, tmp_path))
    signs_in(running)
    running.end(signal.SIGINT)


def test_a_closed_terminal_ends_it_whole_too(engine_name: str, templates: Templates, tmp_path: Path, start: Callable[..., Running]) -> None:
    running = start(templates.empty(engine_name, tmp_path), "--no-demo")
    assert "flask people add-admin" in running.page()
    running.end(signal.SIGHUP)


@pytest.mark.only_on("sqlite", reason="processes are watched, whatever their database")
def test_a_worker_that_dies_again_and_again_is_given_up_with_a_sentence(
    engine_name: str, templates: Templates, tmp_path: Path, start: Callable[..., Running]
) -> None:
    running = start(templates.copy(engine_name, tmp_path), "--no-demo")
    server = running.children("granian")

    def kill_again() -> bool:
        for worker in running.children("flask worker"):
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        return running.process.poll() is not None

    wait_for(kill_again, "the end", seconds=300)
    assert running.process.returncode == 1
    assert f"The worker ended {DEATHS} times within a minute and is not started again" in running.said
    assert "Traceback" not in running.said
    assert [pid for pid in server if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.parametrize(
    ("deaths", "now", "is_hopeless"),
    [([], 0.0, False), ([0.0, 1.0, 2.0], 3.0, False), ([0.0, 1.0, 2.0, 3.0], 59.0, True), ([0.0, 1.0, 2.0, 3.0], 60.5, False)],
)
def test_what_died_long_ago_is_forgotten(deaths: list[float], now: float, is_hopeless: bool) -> None:
    assert (len(recent([*deaths, now], now)) >= DEATHS) is is_hopeless


def test_the_address_that_was_set_stays_the_address(tmp_path: Path) -> None:
    """In ``.env`` too: what the children get in their environment wins over it."""
    (tmp_path / ".env").write_text("PORTAL_BASE_URL=https://advocates.example\n")
    assert base_url(Settings(_env_file=tmp_path / ".env", data=tmp_path), 9000) == "https://advocates.example"
    assert base_url(Settings(_env_file=None, data=tmp_path), 9000) == "http://127.0.0.1:9000"


def test_a_port_that_is_taken_is_refused_before_anything_is_made(engine_name: str, templates: Templates, tmp_path: Path) -> None:
    """The server could share it, and two portals would answer in turn."""
    url = templates.empty(engine_name, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = flask(tmp_path, url, "run-portal", PORT=str(port))
    templates.drop(url)
    assert refused.returncode == 1
    assert f"Port {port} cannot be used" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("url", ["postgresql://laurel@127.0.0.1:1/laurel", "sqlite:////proc/portal.sqlite3"], ids=["postgresql", "sqlite"])
def test_a_database_that_is_not_there_is_said_in_a_sentence(tmp_path: Path, url: str) -> None:
    refused = flask(tmp_path, url, "run-portal", PORT=str(free_port()))
    assert refused.returncode == 2
    assert "The database cannot be reached. See whether it runs" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_empty_portal_shows_which_command_to_run_and_no_form(engine_name: str, templates: Templates, tmp_path: Path) -> None:
    url = templates.empty(engine_name, tmp_path)
    assert flask(tmp_path, url, "db", "upgrade").returncode == 0
    app = create_app(Settings(_env_file=None, env=Env.TEST, data=tmp_path, database_url=url, log_level="ERROR"))
    page = app.test_client().get("/", follow_redirects=True).get_data(as_text=True)
    app.extensions["database"].dispose()
    made = flask(tmp_path, url, "people", "add-admin", "you@example.com")
    templates.drop(url)
    assert "flask people add-admin" in page
    assert '<input type="password"' not in page
    assert made.returncode == 0, made.stderr
    assert re.search(r"http://127\.0\.0\.1:8000/join\S+", made.stdout)


@pytest.mark.parametrize("command", ["demo", "reset"])
def test_the_demo_is_refused_in_production(engine_name: str, templates: Templates, tmp_path: Path, command: str) -> None:
    url = templates.copy(engine_name, tmp_path)
    refused = flask(tmp_path, url, command, PORTAL_ENV="production", PORTAL_BASE_URL="https://advocates.example")
    templates.drop(url)
    assert refused.returncode != 0
    assert "production" in refused.stderr


@pytest.mark.parametrize("answer", ["n\n", "\n", ""], ids=["no", "enter", "nobody-there"])
def test_a_reset_asks_first_and_anything_but_yes_leaves_everything(database: Database, tmp_path: Path, answer: str) -> None:
    person = database.write(make_person)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "kept").write_text("an upload")
    asked = flask(tmp_path, database.url, "reset", answer=answer)
    assert asked.returncode == 1
    assert "This deletes all people, points and files" in asked.stdout
    assert "Aborted!" in asked.stderr
    assert (tmp_path / "files" / "kept").read_text() == "an upload"
    with database.reading() as session:
        assert session.scalars(select(Person.id)).all() == [person.id]


@pytest.mark.only_on("sqlite", reason=GONE_ON_BOTH)
def test_a_reset_builds_the_demo_anew_and_run_portal_serves_it_keeps_its_worker_and_ctrl_c_ends_it_whole(
    database: Database, tmp_path: Path, start: Callable[..., Running]
) -> None:
    person = database.write(lambda s: make_person(s, name="Nobody of the demo"))
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "old").write_text("an upload")
    assert flask(tmp_path, database.url, "reset", answer="y\n").returncode == 0
    database.dispose()
    assert not (tmp_path / "files" / "old").exists()
    with database.reading() as session:
        people = session.scalars(select(Person)).all()
    assert len(people) > 20
    assert all(found.is_demo for found in people)
    assert person.name not in {found.name for found in people}
    database.dispose()

    running = start(database.url)
    signs_in(running)
    first = running.worker_after(0)
    os.kill(first, signal.SIGKILL)
    second = running.worker_after(1)
    assert second != first
    assert f'"code": {-signal.SIGKILL}' in running.said
    assert running.page("/healthz"), "the server did not notice"
    running.end(signal.SIGINT)
