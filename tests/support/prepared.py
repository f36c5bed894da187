"""Processes of their own that find the portal imported: to import it takes seconds, and a run of the tests starts hundreds of processes.

They are forked from one that imported it and did nothing else. What they share with the tests and with each other is code: no
connection, no thread, no setting, no random numbers. That everything can be started from nothing is the matter of ``tests/test_run.py``.
"""

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing import get_context, set_start_method
from multiprocessing.context import ForkServerContext
from pathlib import Path

IMPORTED = ["portal.app", "tests.support.application"]


def prepared() -> ForkServerContext:
    """Return the context in which a process begins with the portal imported."""
    context = get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    return context


def _run(command: tuple[str, ...], environment: dict[str, str], out: Path, err: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, out), (2, err)):
        target = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(target, number)
        os.close(target)
    set_start_method("fork", force=True)  # As in a process that Python started itself; a process like this one would begin its children otherwise.
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


class Started:
    """``python -m COMMAND`` with its own environment, and what it says in files; to be asked and told as a ``subprocess.Popen``."""

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str], out: Path, err: Path) -> None:
        for path in (out, err):
            path.touch()  # It may be read before the process has written to it.
        self._process = prepared().Process(target=_run, args=(command, dict(environment), out, err))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code; the negative of a signal that ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises ``subprocess.TimeoutExpired`` after ``timeout`` seconds."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()
