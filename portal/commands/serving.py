"""Server and worker beside each other: started, watched, ended together."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from urllib.error import HTTPError, URLError

import click

from config import ROOT, Settings
from portal.web.logs import log

START_SECONDS = 60
CLEAR_SECONDS = 10
DEATHS, WITHIN_SECONDS = 5, 60
HOPELESS = f"The worker ended {DEATHS} times within a minute and is not started again; its last lines are above. The portal ends with it."


def server_command(settings: Settings, port: int) -> list[str]:
    """Return the command that serves the portal. One process on SQLite, where one writer is all there can be."""
    cores = max(2, os.cpu_count() or 2)
    workers = 1 if settings.database_url.startswith("sqlite") else cores
    options = ["--interface", "wsgi", "--host", settings.bind, "--port", str(port), "--workers", str(workers)]
    return [sys.executable, "-m", "granian", *options, "--blocking-threads", str(min(8, 2 * cores)), "--no-ws", "--log-level", "warning", "wsgi:app"]


def serve(settings: Settings, port: int, environment: dict[str, str]) -> None:
    """Run both processes until the server ends or a signal comes, then end both. A worker that dies is started again, within reason."""
    stopped: list[int] = []
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, _frame: stopped.append(number))
    server, worker = _start(server_command(settings, port), environment), Worker(environment)
    try:
        if _answers(port, server, stopped):
            click.echo(f"\n  The portal is at http://127.0.0.1:{port}  (Ctrl-C ends it)\n")
        while not stopped and server.poll() is None and worker.keep():
            time.sleep(0.2)
    finally:
        _end(server, worker.process)
    if not stopped:
        raise click.ClickException(HOPELESS if worker.is_hopeless else "The server ended by itself; its last lines are above.")


class Worker:
    """The worker's process. Not started again once it has died too often in too short a time: then it would go on dying."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.deaths: list[float] = []
        self.process = self._begin()

    @property
    def is_hopeless(self) -> bool:
        return len(self.deaths) >= DEATHS

    def keep(self) -> bool:
        """Start it again if it died; False once that is hopeless."""
        code = self.process.poll()
        if code is None:
            return True
        now = time.monotonic()
        self.deaths = recent([*self.deaths, now], now)
        if self.is_hopeless:
            return False
        log.warning("the worker ended by itself and is started again", code=code, deaths_in_a_minute=len(self.deaths))
        self.process = self._begin()
        return True

    def _begin(self) -> subprocess.Popen[bytes]:
        return _start([sys.executable, "-m", "flask", "worker"], self.environment)


def recent(deaths: list[float], now: float) -> list[float]:
    """Return the deaths of the last minute."""
    return [at for at in deaths if now - at < WITHIN_SECONDS]


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start one of the two in its own session: a Ctrl-C in the terminal, or its end, reaches this process alone, which ends both in order."""
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)


def _end(*children: subprocess.Popen[bytes]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        _clear(child.pid)


def _clear(group: int) -> None:
    """End what a process left behind in its session: a server that is stopped while it still starts forgets those of its own it had just begun."""
    deadline = time.monotonic() + CLEAR_SECONDS
    with suppress(ProcessLookupError, PermissionError):  # None is left; where only dead ones are, macOS calls that a lack of permission.
        while time.monotonic() < deadline:
            os.killpg(group, signal.SIGKILL)
            time.sleep(0.05)


def _answers(port: int, server: subprocess.Popen[bytes], stopped: list[int]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not stopped and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                return True
        except HTTPError:
            return True  # Under another name than its own it refuses, which is an answer.
        except (URLError, OSError):
            time.sleep(0.1)
    return False
