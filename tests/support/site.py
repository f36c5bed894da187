"""The portal as people meet it: a real server, a real worker, a real SMTP server, a browser."""

import os
import re
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import update

from portal.kernel.db import Database
from portal.notifications.models import OutboxJob
from tests.support.application import SECRET, VAULT_KEY
from tests.support.prepared import Started, run

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(look: Callable[[], T | None], what: str, seconds: float = 60) -> T:
    """Return what ``look`` finds; look again until it does, fail after ``seconds``."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        pause.wait(0.05)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


class Post:
    """An SMTP server that keeps what it was given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    def to(self, address: str, containing: str = "") -> EmailMessage:
        """Return the mail to ``address`` whose subject or text holds ``containing``, once it has come."""

        def look() -> EmailMessage | None:
            return next((m for m in reversed(self.mails) if address in m["To"] and containing in f"{m['Subject']}\n{text_of(m)}"), None)

        return wait_for(look, f"a mail to {address} with {containing!r}; have {[(m['To'], m['Subject']) for m in self.mails]}")


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return body.get_content() if body else ""


def link_in(mail: EmailMessage) -> str:
    """Return the first address in the text of a mail."""
    found = re.search(r"https?://\S+", text_of(mail))
    assert found, text_of(mail)
    return found.group()


class Site:
    """One running installation."""

    def __init__(self, database: Database, folder: Path, post: Post) -> None:
        self.database, self.folder, self.post = database, folder, post
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "PORTAL_SECRET_KEY": SECRET,
            "PORTAL_VAULT_KEYS": VAULT_KEY,
            "PORTAL_ENV": "test",
            "PORTAL_DATA": str(folder),
            "DATABASE_URL": database.url,
            "PORTAL_BASE_URL": self.url,
            "PORTAL_MAIL_URL": post.url,
            "PORTAL_LOG_LEVEL": "WARNING",
        }
        self.log = folder / "processes.log"
        self._processes: list[Started] = []

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run ``flask COMMAND`` of this installation."""
        return run(*command, environment=self.environment)

    def let_a_minute_pass(self) -> None:
        """Let what was promised for the next minute be due now, as the mail about a verdict is that can still be undone."""
        later = update(OutboxJob).where(OutboxJob.done_at.is_(None)).values(available_at=OutboxJob.created_at)
        self.database.write(lambda session: session.execute(later.execution_options(synchronize_session=False)))

    def spawn(self, *command: str) -> Started:
        process = Started(command, self.environment, self.log, self.log)
        self._processes.append(process)
        return process

    def start(self, worker: bool = True) -> None:
        options = ["--interface", "wsgi", "--port", str(self.port), "--blocking-threads", "4", "--no-ws", "--log-level", "warning"]
        self.spawn("granian", *options, "wsgi:app")
        if worker:
            self.spawn("flask", "worker")
        wait_for(self._answers, f"the server; its log says {self.log.read_text()[-2000:]}")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def site(database: Database, tmp_path: Path, post: Post) -> Iterator[Site]:
    """The portal running on the test's database, with its worker and a mail server."""
    made = Site(database, tmp_path, post)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the Chromium that ``scripts/browser.py`` found, quiet towards the network."""
    quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    args = dict(browser_type_launch_args, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *quiet])
    path = os.environ.get("PORTAL_CHROMIUM")
    return args | ({"executable_path": path} if path else {})
